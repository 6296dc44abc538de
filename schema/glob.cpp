#include "schema/glob.hpp"

#include <algorithm>
#include <optional>

namespace pveplan::schema {
namespace {

/// What a `[…]` at the front of a pattern says of a character; takes it off the pattern. An open
/// bracket is a character like any other.
std::optional<bool> fits_set(char c, std::string_view& pattern) {
  std::size_t at = 1;
  const bool others = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (others) ++at;
  const auto close = pattern.find(']', at + 1);  // a bracket in the first place is a member
  if (close == std::string_view::npos) return std::nullopt;
  bool member = false;
  while (at < close) {
    const bool range = at + 2 < close && pattern[at + 1] == '-';
    const char last = range ? pattern[at + 2] : pattern[at];
    member = member || (pattern[at] <= c && c <= last);
    at += range ? 3 : 1;
  }
  pattern.remove_prefix(close + 1);
  return member != others;
}

/// Takes one element off the pattern when it fits the character.
bool fits_one(char c, std::string_view& pattern, Brackets brackets) {
  if (pattern.empty()) return false;
  auto rest = pattern;
  bool fits = false;
  if (pattern.front() == '[' && brackets == Brackets::sets) {
    const auto in_set = fits_set(c, rest);
    fits = in_set.value_or(c == '[');
    if (!in_set) rest.remove_prefix(1);
  } else {
    fits = pattern.front() == '?' || pattern.front() == c;
    rest.remove_prefix(1);
  }
  if (fits) pattern = rest;
  return fits;
}

}  // namespace

bool is_glob(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

bool fits_pattern(std::string_view text, std::string_view pattern, Brackets brackets) {
  // After a `*` that turns out to have taken too little, one character more is given to it.
  std::optional<std::string_view> text_at_star, pattern_behind_star;
  while (!text.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      pattern_behind_star = pattern;
      text_at_star = text;
    } else if (fits_one(text.front(), pattern, brackets)) {
      text.remove_prefix(1);
    } else if (text_at_star) {
      text_at_star->remove_prefix(1);
      text = *text_at_star;
      pattern = *pattern_behind_star;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin(), pattern.end(), [](char c) { return c == '*'; });
}

bool fits_glob(std::string_view name, std::string_view pattern) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  return fits_pattern(name, pattern, Brackets::sets);
}

}  // namespace pveplan::schema
