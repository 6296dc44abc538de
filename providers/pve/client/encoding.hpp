#pragma once

#include "providers/core/api.hpp"

#include <string>
#include <string_view>

namespace pveplan::pve {

/// Percent-encodes everything outside the unreserved set. The server splits forms at `&` and `;`
/// and each pair at every `=` (FACTS 4.1), so nothing less will do.
std::string percent_encode(std::string_view text);

/// The reverse; a percent sign that starts no code stays.
std::string percent_decode(std::string_view text);

/// `a=1&b=2` for a body or a query.
std::string encode_form(const core::Parameters& parameters);

}  // namespace pveplan::pve
