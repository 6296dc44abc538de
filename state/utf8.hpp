#pragma once

#include <string>
#include <string_view>

namespace pveplan::state {

/// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// Each byte that belongs to no character becomes U+FFFD.
std::string mended_utf8(std::string_view text);

}  // namespace pveplan::state
