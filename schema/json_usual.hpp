#pragma once

#include "schema/diagnostic.hpp"
#include "schema/value.hpp"

#include <optional>
#include <string_view>

namespace pveplan::schema {

/// Reads what nearly every state and answer is made of: integers, texts without \u, booleans, null,
/// lists and objects. nullopt where the text holds anything else, or anything wrong: the JSON
/// library then reads it, and tells what is wrong. The value equals the library's.
std::optional<Value> read_usual_json(std::string_view text);

/// What parse_json() asks when the text is not a usual one.
Result<Value> parse_json_by_library(std::string_view text);

}  // namespace pveplan::schema
