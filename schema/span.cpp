#include "schema/span.hpp"

#include <algorithm>

namespace pveplan::schema {

std::uint32_t SourceMap::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (auto at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1)) {
    file.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
  }
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

Position SourceMap::position(std::uint32_t file, std::uint32_t offset) const {
  const auto& starts = files_[file].line_starts;
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  const auto index = static_cast<std::uint32_t>(after - starts.begin());
  return {index, offset - starts[index - 1] + 1};
}

std::uint32_t SourceMap::offset(std::uint32_t file, Position position) const {
  const auto& source = files_[file];
  if (position.line == 0 || position.line > source.line_starts.size()) {
    return static_cast<std::uint32_t>(source.text.size());
  }
  const auto start = source.line_starts[position.line - 1];
  const auto length = static_cast<std::uint32_t>(line(file, position.line).size());
  return start + std::min(position.column == 0 ? 0 : position.column - 1, length);
}

std::string_view SourceMap::line(std::uint32_t file, std::uint32_t line) const {
  const auto& source = files_[file];
  if (line == 0 || line > source.line_starts.size()) return {};
  const auto start = source.line_starts[line - 1];
  const auto end = source.text.find('\n', start);
  auto text =
      std::string_view(source.text).substr(start, end == std::string::npos ? end : end - start);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace pveplan::schema
