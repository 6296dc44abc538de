#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Small text functions that several API areas share.
namespace pveplan::lab {

bool same_ignoring_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);

/// Splits at every separator; an empty text gives one empty piece.
std::vector<std::string> split(std::string_view text, char separator);

/// The server's list syntax: separators are `,` `;` and white space, unless a NUL is present, which
/// then is the only one. Empty pieces vanish.
std::vector<std::string> split_list(std::string_view text);

template <typename Range>
std::string join(const Range& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

bool is_in(const std::vector<std::string>& list, std::string_view item);

std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// A whole decimal integer with an optional sign.
std::optional<std::int64_t> to_integer(std::string_view text);

/// Whether the whole text matches the regular expression (ECMAScript, compiled once and cached).
bool matches(std::string_view text, const std::string& pattern);

/// Everything outside of the unreserved set as %XX.
std::string percent_encode(std::string_view text);
/// Broken escapes stay as they are, as in the server.
std::string percent_decode(std::string_view text);

}  // namespace pveplan::lab
