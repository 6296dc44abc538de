#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::schema {

/// A range of bytes in one source file: small, copied freely. Line, column and text are found again
/// through the SourceMap that handed out `file`.
struct Span {
  static constexpr std::uint32_t kNoFile = UINT32_MAX;
  std::uint32_t file = kNoFile;
  std::uint32_t begin = 0;  ///< first byte
  std::uint32_t end = 0;    ///< one past the last byte

  bool known() const { return file != kNoFile; }
  friend bool operator==(const Span&, const Span&) = default;
};

/// 1-based line and column. Columns count bytes; the renderer turns them into screen cells.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// The texts that spans point into, in the order in which they were read.
class SourceMap {
 public:
  /// Registers a file under the name that messages shall show; returns its id.
  std::uint32_t add(std::string name, std::string text);

  std::size_t size() const { return files_.size(); }
  const std::string& name(std::uint32_t file) const { return files_[file].name; }
  const std::string& text(std::uint32_t file) const { return files_[file].text; }
  Position position(std::uint32_t file, std::uint32_t offset) const;
  /// Byte offset of a 1-based position; past the end of the line it is the end of the line.
  std::uint32_t offset(std::uint32_t file, Position position) const;
  /// The line without its line break.
  std::string_view line(std::uint32_t file, std::uint32_t line) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };
  std::vector<File> files_;
};

}  // namespace pveplan::schema
