#include "schema/toml_outline.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace pveplan::schema {
namespace {

/// Which bytes the scan looks at; it runs over the others.
constexpr auto kSpecial = [] {
  std::array<bool, 256> special{};
  for (const char c : std::string_view("#[]{}=,.\"'\n"))
    special[static_cast<unsigned char>(c)] = true;
  return special;
}();

bool is_special(char c) { return kSpecial[static_cast<unsigned char>(c)]; }

/// The first byte behind a string in one line. One that is not closed ends with its line.
std::size_t skip_line_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (auto i = begin + 1; i < text.size(); ++i) {
    if (text[i] == quote) return i + 1;
    if (text[i] == '\n') return i;
    if (text[i] == '\\' && quote == '"') ++i;
  }
  return text.size();
}

/// The first byte behind a string; one over several lines that is not closed ends with the text.
std::size_t skip_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const bool multi_line =
      begin + 2 < text.size() && text[begin + 1] == quote && text[begin + 2] == quote;
  if (!multi_line) return skip_line_string(text, begin);
  for (auto i = begin + 3; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
      continue;
    }
    const bool closes =
        text[i] == quote && i + 2 < text.size() && text[i + 1] == quote && text[i + 2] == quote;
    if (!closes) continue;
    i += 3;
    // Up to two quotes may stand right in front of the closing three.
    for (int more = 0; more < 2 && i < text.size() && text[i] == quote; ++more) ++i;
    return i;
  }
  return text.size();
}

class OutlineScan {
 public:
  std::size_t statement() const { return statement_; }

  TomlOutline scan(std::string_view text) {
    for (std::size_t i = 0; i < text.size() && !outline_.too_deep;) {
      const char c = text[i];
      if (!is_special(c)) {
        if (blank_line_) begin_line(c, i);
        for (++i; !blank_line_ && i < text.size() && !is_special(text[i]);) ++i;
        continue;
      }
      if (c == '#') {
        i = std::min(text.find('\n', i), text.size());
        continue;
      }
      begin_line(c, i);
      if (c == '"' || c == '\'') {
        i = skip_string(text, i);
        continue;
      }
      count(c, i);
      ++i;
    }
    return std::move(outline_);
  }

 private:
  void begin_line(char c, std::size_t at) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (blank || !blank_line_) return;
    blank_line_ = false;
    if (brackets_ > 0) return;
    statement_ = at;
    if (c == '[') outline_.headers.push_back(line_start_);
  }

  void count(char c, std::size_t at) {
    switch (c) {
      case '.':
        ++dots_;
        break;
      case '[':
      case '{':
        ++brackets_;
        dots_ = 0;
        break;
      case ']':
      case '}':
        if (brackets_ > 0) --brackets_;
        dots_ = 0;
        break;
      case '\n':
        line_start_ = at + 1;
        blank_line_ = true;
        dots_ = 0;
        break;
      case '=':
      case ',':
        dots_ = 0;
        break;
      default:
        break;
    }
    if (brackets_ > kDeepestNesting || dots_ > kDeepestNesting) outline_.too_deep = at;
  }

  TomlOutline outline_;
  std::size_t brackets_ = 0;
  std::size_t dots_ = 0;
  std::size_t line_start_ = 0;
  std::size_t statement_ = 0;
  bool blank_line_ = true;
};

}  // namespace

TomlOutline outline_of(std::string_view text) { return OutlineScan().scan(text); }

std::size_t statement_begin(std::string_view text, std::size_t offset) {
  OutlineScan scan;
  scan.scan(text.substr(0, std::min(offset + 1, text.size())));
  return scan.statement();
}

std::vector<std::string> key_names(std::string_view key) {
  std::vector<std::string> names(1);
  char quote = 0;
  for (const char c : key) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        names.back() += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '.') {
      names.emplace_back();
    } else if (c != ' ' && c != '\t') {
      names.back() += c;
    }
  }
  return names;
}

}  // namespace pveplan::schema
