#pragma once

#include "schema/document.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace pveplan::schema {

/// Where and why the library gave up.
struct TomlError {
  std::uint32_t offset = 0;  ///< in bytes
  std::string message;       ///< the library's own words
};

/// TOML text to a located tree whose spans are bytes of `text` in `file`. The text is valid UTF-8
/// without NUL bytes and not nested beyond reason: parse_document has looked.
std::expected<NodePtr, TomlError> parse_toml(std::string_view text, std::uint32_t file);

}  // namespace pveplan::schema
