#pragma once

#include "schema/document.hpp"
#include "schema/interpolation.hpp"

#include <map>
#include <string>
#include <vector>

namespace pveplan::view {

/// Tells where something stands in the files of a topology. Reads each file at most once more.
class WrittenPlaces {
 public:
  explicit WrittenPlaces(const schema::SourceMap& sources) : sources_(sources) {}

  const schema::SourceMap& sources() const { return sources_; }
  /// "lab.toml:14"
  std::string line(const schema::Span& span) const;
  /// "[profile.linux]": the header in force there; empty in front of the first one.
  std::string header(const schema::Span& span) const;
  /// What the text there is made of; nothing where it cannot be taken apart.
  std::vector<schema::TextPiece> pieces(const schema::Span& span) const;

 private:
  const schema::SourceMap& sources_;
  mutable std::map<std::uint32_t, schema::HeaderIndex> headers_;  ///< of the files asked for so far
};

}  // namespace pveplan::view
