#include "schema/key_ranges.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace pveplan::schema {
namespace {

std::optional<std::int64_t> as_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string key_ranges(const std::vector<std::string>& keys) {
  std::string result;
  for (std::size_t i = 0; i < keys.size();) {
    auto last = i;
    while (last + 1 < keys.size()) {
      const auto here = as_number(keys[last]);
      const auto next = as_number(keys[last + 1]);
      if (!here || !next || *next != *here + 1) break;
      ++last;
    }
    if (!result.empty()) result += ',';
    result += keys[i];
    if (last > i + 1) {
      result += ".." + keys[last];
    } else if (last == i + 1) {
      result += "," + keys[last];
    }
    i = last + 1;
  }
  return result;
}

}  // namespace pveplan::schema
