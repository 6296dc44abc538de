#include "schema/text_checks.hpp"

#include <fmt/format.h>

namespace pveplan::schema {
namespace {

constexpr std::size_t kDeepest = 64;  // levels of tables and arrays in one value or key

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

/// Follows brackets and dotted keys just well enough to see absurd depth before any parser
/// recurses.
class DepthScan {
 public:
  std::optional<std::size_t> too_deep(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (c == '#') {
        i = std::min(text.find('\n', i), text.size());
      } else if (c == '"' || c == '\'') {
        i = skip_string(text, i);
      } else {
        count(c);
        if (brackets_ > kDeepest || dots_ > kDeepest) return i;
        ++i;
      }
    }
    return std::nullopt;
  }

 private:
  void count(char c) {
    if (c == '.') {
      ++dots_;
    } else if (c == '[' || c == '{') {
      ++brackets_;
      dots_ = 0;
    } else if (c == ']' || c == '}') {
      if (brackets_ > 0) --brackets_;
      dots_ = 0;
    } else if (c == '\n' || c == '=' || c == ',') {
      dots_ = 0;
    }
  }

  static std::size_t skip_string(std::string_view text, std::size_t begin) {
    const char quote = text[begin];
    const std::string triple(3, quote);
    const bool multi_line = text.substr(begin).starts_with(triple);
    for (auto i = begin + (multi_line ? 3 : 1); i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\') {
        ++i;
      } else if (!multi_line && (text[i] == quote || text[i] == '\n')) {
        return i + 1;
      } else if (multi_line && text.substr(i).starts_with(triple)) {
        return i + 3;
      }
    }
    return text.size();
  }

  std::size_t brackets_ = 0;
  std::size_t dots_ = 0;
};

}  // namespace

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
  if (const auto offset = DepthScan().too_deep(text)) {
    return error(
        "Nested too deeply",
        fmt::format("Tables, lists and dotted keys may be nested {} levels deep.", kDeepest),
        byte_at(file, *offset));
  }
  return std::nullopt;
}

}  // namespace pveplan::schema
