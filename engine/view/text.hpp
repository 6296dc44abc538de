#pragma once

#include "schema/attribute.hpp"
#include "schema/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::view {

/// How much data is lost; nobody may know.
std::string lost_text(std::uint64_t bytes);

/// "90 s", "5 min", "2 h".
std::string duration_text(std::int64_t seconds);

/// What stands in the place of a secret.
inline constexpr std::string_view kSecret = "(secret)";

/// A value as a person reads it in a plan: sizes and durations by their type, plain words unquoted,
/// texts with blanks quoted, control characters escaped, "(known after apply)", "(secret)".
std::string value_text(const schema::AttributeSchema* attribute, const schema::Value& value);

/// Breaks a text at blanks so that no line is longer than `width` columns; the second and later
/// lines start at `indent`. Words that are longer than a line stay whole.
std::string wrapped(std::string_view text, std::size_t first_column, std::size_t indent,
                    std::size_t width = 80);

/// Columns that a UTF-8 text takes on a screen, without wide characters being told apart.
std::size_t columns(std::string_view text);

/// `text` itself, or its beginning and "..." in `width` columns.
std::string shortened(std::string_view text, std::size_t width);

/// `text` padded with blanks to `width` columns; at least one blank follows.
std::string padded(std::string_view text, std::size_t width);

/// "1 resource", "2 resources".
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace pveplan::view
