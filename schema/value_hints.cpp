#include "schema/value_hints.hpp"

#include "schema/network.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace pveplan::schema {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

ValueHint in_quotes(std::string summary, std::string_view what, std::string_view text) {
  return {std::move(summary), fmt::format("{} stand in quotes: write \"{}\".", what, text)};
}

/// A number in front of letters: where the letters begin, 0 when the text has another form.
std::size_t unit_begin(std::string_view text) {
  const auto unit = text.find_first_not_of("0123456789._ ");
  if (unit == 0 || unit == std::string_view::npos || !is_digit(text.front())) return 0;
  const auto letters = text.substr(unit);
  return std::all_of(letters.begin(), letters.end(),
                     [](unsigned char c) { return std::isalpha(c) != 0; })
             ? unit
             : 0;
}

std::optional<ValueHint> quantity(std::string_view token) {
  const auto begin = unit_begin(token);
  if (begin == 0) return std::nullopt;
  auto number = token.substr(0, begin);
  while (number.ends_with(' ')) number.remove_suffix(1);
  const auto unit = token.substr(begin);
  static constexpr std::array<std::string_view, 4> kDurations = {"s", "m", "h", "d"};
  if (std::find(kDurations.begin(), kDurations.end(), unit) != kDurations.end()) {
    return in_quotes("Duration without quotes", "Durations", fmt::format("{}{}", number, unit));
  }
  static constexpr std::string_view kLetters = "BKMGTP";
  const auto letter = static_cast<char>(std::toupper(static_cast<unsigned char>(unit[0])));
  if (unit.size() > 3 || kLetters.find(letter) == std::string_view::npos) return std::nullopt;
  const auto right = letter == 'B' ? std::string("B") : fmt::format("{}iB", letter);
  return in_quotes("Size without quotes", "Sizes", fmt::format("{}{}", number, right));
}

std::optional<ValueHint> address(std::string_view token) {
  const auto slash = token.find('/');
  const auto hyphen = token.find('-');
  if (hyphen != std::string_view::npos && all_digits(token.substr(0, hyphen)) &&
      all_digits(token.substr(hyphen + 1))) {
    return in_quotes("Range without quotes", "Ranges", token);
  }
  if (hyphen != std::string_view::npos && parse_ipv4_range(token)) {
    return in_quotes("Range without quotes", "Ranges", token);
  }
  if (canonical_mac(token)) return in_quotes("MAC without quotes", "MAC addresses", token);
  if (parse_ipv4(token.substr(0, slash)) || canonical_ipv6(token.substr(0, slash))) {
    return in_quotes("Address without quotes", "Addresses", token);
  }
  return std::nullopt;
}

std::optional<ValueHint> keyword(std::string_view token) {
  static constexpr std::array<std::string_view, 9> kTrue = {"yes", "Yes",  "YES",  "on",     "On",
                                                            "ON",  "True", "TRUE", "enabled"};
  static constexpr std::array<std::string_view, 9> kFalse = {
      "no", "No", "NO", "off", "Off", "OFF", "False", "FALSE", "disabled"};
  static constexpr std::array<std::string_view, 6> kNothing = {"null", "Null", "nil",
                                                               "none", "None", "undefined"};
  const auto is_in = [token](const auto& words) {
    return std::find(words.begin(), words.end(), token) != words.end();
  };
  if (is_in(kTrue)) return ValueHint{"Invalid boolean", "Booleans are true and false: write true."};
  if (is_in(kFalse)) {
    return ValueHint{"Invalid boolean", "Booleans are true and false: write false."};
  }
  if (is_in(kNothing)) {
    return ValueHint{"No value", "TOML has no word for \"nothing\": leave the line out."};
  }
  return std::nullopt;
}

std::optional<ValueHint> number(std::string_view token) {
  auto digits = token;
  if (digits.starts_with('+') || digits.starts_with('-')) digits.remove_prefix(1);
  if (!all_digits(digits)) return std::nullopt;
  if (digits.size() > 1 && digits[0] == '0') {
    const auto first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    return ValueHint{"Invalid number",
                     fmt::format("Numbers begin with no zero: write {}, or \"{}\" "
                                 "in quotes for a text.",
                                 digits.substr(first), token)};
  }
  return ValueHint{"Invalid number", "The number is too large: whole numbers have 64 bits."};
}

std::optional<ValueHint> text(std::string_view token) {
  static constexpr std::array<std::string_view, 4> kCurly = {"\u201C", "\u201D", "\u2018",
                                                             "\u2019"};
  for (const auto quote : kCurly) {
    if (token.find(quote) == std::string_view::npos) continue;
    return ValueHint{"Curly quotes", "TOML knows straight quotes only: write \"…\"."};
  }
  const char quote = token.front();
  if (quote == '"' || quote == '\'') {
    const auto end = token.find(quote, 1);
    if (end == std::string_view::npos) {
      return ValueHint{
          "Text without its closing quote",
          fmt::format("The text begins with {0} and its line ends without another {0}.", quote)};
    }
    if (quote == '"' && token.find('\\') != std::string_view::npos) {
      return ValueHint{"Invalid escape",
                       "In double quotes a backslash begins an escape. Write the text in single "
                       "quotes, or each backslash twice."};
    }
    return std::nullopt;
  }
  if (token.find("${") != std::string_view::npos) {
    return in_quotes("Reference without quotes", "References", token);
  }
  const bool word = std::all_of(token.begin(), token.end(), [](unsigned char c) {
    return c > ' ' && c != '"' && c != '\'' && c != '=';
  });
  if (!word) return std::nullopt;
  return in_quotes("Text without quotes", "Texts", token);
}

}  // namespace

std::optional<ValueHint> hint_for_value(std::string_view token) {
  if (token.empty()) {
    return ValueHint{"Missing value", "A value must follow the \"=\" in the same line."};
  }
  if (auto hint = quantity(token)) return hint;
  if (auto hint = address(token)) return hint;
  if (auto hint = keyword(token)) return hint;
  if (auto hint = number(token)) return hint;
  return text(token);
}

}  // namespace pveplan::schema
