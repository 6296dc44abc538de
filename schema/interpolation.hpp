#pragma once

#include "schema/address.hpp"
#include "schema/value.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::schema {

/// One piece of a text: a literal, with what follows it.
struct TextPiece {
  enum class Kind { end, variable, environment, each_key, resource } kind = Kind::end;
  std::string literal;     ///< in front; `$${` is resolved to `${`
  std::string name;        ///< of the variable
  ResourceAddress target;  ///< of a resource, with its key
  bool all_instances = false;
  Path attribute;
  std::string written;  ///< `${var.x}`, for messages
};

struct InterpolationError {
  std::string written;  ///< the part of the text that is wrong
  std::string detail;   ///< whole sentences
};

/// Whether a text has anything to resolve at all.
bool has_interpolation(std::string_view text);

/// Splits a text at its `${…}`. The last piece has the kind `end` and may have an empty literal.
std::expected<std::vector<TextPiece>, InterpolationError> split_text(std::string_view text);

}  // namespace pveplan::schema
