#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::schema {

/// Levels of tables and lists in one value, and names in one key.
inline constexpr std::size_t kDeepestNesting = 64;

/// The shape of a TOML text without its meaning, found without recursion.
struct TomlOutline {
  std::vector<std::size_t> headers;     ///< where lines with a [header] begin
  std::optional<std::size_t> too_deep;  ///< where it is nested absurdly; the rest was not looked at
};

/// Follows brackets, strings and comments. Exact for valid TOML; anything else gets its error from
/// the parser.
TomlOutline outline_of(std::string_view text);

/// Where the statement begins that holds the byte at `offset`: a header, or a key with its value,
/// however many lines that has.
std::size_t statement_begin(std::string_view text, std::size_t offset);

/// The names of a dotted key or of a header without its brackets; what is quoted loses its quotes.
std::vector<std::string> key_names(std::string_view key);

}  // namespace pveplan::schema
