#include "schema/text_checks.hpp"

#include "schema/toml_outline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pveplan::schema {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool has_continuations(std::string_view text, std::size_t count) {
  if (text.size() <= count) return false;
  for (std::size_t i = 1; i <= count; ++i) {
    if (!is_continuation(text[i])) return false;
  }
  return true;
}

Span byte_at(std::uint32_t file, std::size_t offset) {
  const auto begin = static_cast<std::uint32_t>(offset);
  return {file, begin, begin + 1};
}

std::optional<Diagnostic> check_encoding(std::string_view text, std::uint32_t file) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return error("Wrong encoding", "The file is UTF-16. Save it as UTF-8.", {file, 0, 2});
  }
  for (std::size_t i = 0; i < text.size();) {
    if (const auto plain = ascii_run(text.substr(i)); plain > 0) {
      i += plain;
      continue;
    }
    if (text[i] == '\0') {
      return error("Wrong encoding",
                   "The file holds a NUL byte: it is no text, or not UTF-8. Save it as UTF-8.",
                   byte_at(file, i));
    }
    const auto length = utf8_sequence(text.substr(i));
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(text[i]);
      return error("Wrong encoding",
                   fmt::format("The byte 0x{:02X} is no UTF-8. Save the file as UTF-8.", byte),
                   byte_at(file, i));
    }
    i += length;
  }
  return std::nullopt;
}

}  // namespace

std::size_t ascii_run(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::size_t length = 0;
  while (length + sizeof(std::uint64_t) <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + length, sizeof(word));
    const bool has_zero = ((word - kOnes) & ~word & kHighBits) != 0;
    if ((word & kHighBits) != 0 || has_zero) break;
    length += sizeof(word);
  }
  return length;
}

std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
  if (first >= 0xC2 && first <= 0xDF) return has_continuations(text, 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second >= 0xA0;
    return !overlong && !surrogate && has_continuations(text, 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool beyond = first == 0xF4 && second >= 0x90;
    return !overlong && !beyond && has_continuations(text, 3) ? 4 : 0;
  }
  return 0;
}

std::optional<Diagnostic> check_text(std::string_view text, std::uint32_t file,
                                     std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return error("File too large",
                 fmt::format("The file has {} bytes; at most {} are read. Split the topology.",
                             text.size(), max_bytes),
                 byte_at(file, 0));
  }
  if (auto wrong = check_encoding(text, file)) return wrong;
  if (const auto outline = outline_of(text); outline.too_deep) {
    return error(
        "Nested too deeply",
        fmt::format("Tables, lists and dotted keys may be nested {} levels deep.", kDeepestNesting),
        byte_at(file, *outline.too_deep));
  }
  return std::nullopt;
}

}  // namespace pveplan::schema
