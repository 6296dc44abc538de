#pragma once

#include "schema/diagnostic.hpp"
#include "schema/value.hpp"

#include <string>
#include <string_view>

namespace pveplan::schema {

/// JSON text to a Value: objects become maps, numbers with a fraction or an exponent become
/// decimals with their exact text, integers outside of 64 bits become decimals. The error detail
/// says where.
Result<Value> parse_json(std::string_view text);

/// A Value as canonical JSON: sorted keys, no spaces, UTF-8 kept, bytes that are no UTF-8 replaced.
/// Unknowns and references are bugs here and throw std::logic_error. Sensitive values are written:
/// whoever writes a file or a message redacts before.
std::string to_json(const Value& value);

/// The same, indented by two blanks and ending with a line break: for files that people read.
std::string to_pretty_json(const Value& value);

}  // namespace pveplan::schema
