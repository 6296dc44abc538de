#include "engine/view/written_places.hpp"

#include <fmt/format.h>

namespace pveplan::view {

std::string WrittenPlaces::line(const schema::Span& span) const {
  return fmt::format("{}:{}", sources_.name(span.file),
                     sources_.position(span.file, span.begin).line);
}

std::string WrittenPlaces::header(const schema::Span& span) const {
  if (!headers_.contains(span.file)) {
    schema::Diagnostics ignored;  // it was parsed without an error before
    const auto tree = schema::parse_document(sources_, span.file, ignored);
    if (!tree) return {};
    headers_.emplace(span.file, schema::HeaderIndex(*tree));
  }
  const auto* header = headers_.at(span.file).header_at(span.begin);
  if (header == nullptr) return {};
  return sources_.text(span.file).substr(header->begin, header->end - header->begin);
}

std::vector<schema::TextPiece> WrittenPlaces::pieces(const schema::Span& span) const {
  const auto& file = sources_.text(span.file);
  auto pieces =
      schema::split_text(std::string_view(file).substr(span.begin, span.end - span.begin));
  return pieces ? std::move(*pieces) : std::vector<schema::TextPiece>();
}

}  // namespace pveplan::view
