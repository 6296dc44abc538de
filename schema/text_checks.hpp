#pragma once

#include "schema/diagnostic.hpp"
#include "schema/span.hpp"

#include <optional>
#include <string_view>

namespace pveplan::schema {

/// What keeps a file from being looked at as TOML at all: size, encoding, NUL bytes, depth.
std::optional<Diagnostic> check_text(std::string_view text, std::uint32_t file,
                                     std::size_t max_bytes);

/// Bytes at the front that are ASCII and no NUL, in steps of eight: nearly all of every file.
std::size_t ascii_run(std::string_view text);

/// Length in bytes of the UTF-8 sequence at the front; 0 when there is none.
std::size_t utf8_sequence(std::string_view text);

}  // namespace pveplan::schema
