#pragma once

#include <string_view>

namespace pveplan::schema {

/// Whether a text has `*`, `?` or `[`, which stand for other characters in a name of a file.
bool is_glob(std::string_view text);

/// What brackets are in a pattern: `[a-c]`, one of these characters, or characters like any other.
enum class Brackets { sets, literal };

/// Whether the whole text fits: `*` is any characters, `?` is one.
bool fits_pattern(std::string_view text, std::string_view pattern, Brackets brackets);

/// Whether the name of one file fits a pattern as in a shell: `*` any characters, `?` one, `[a-c]`
/// one of them, `[!a]` another one. Hidden files fit only where the dot is written.
bool fits_glob(std::string_view name, std::string_view pattern);

}  // namespace pveplan::schema
