#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::pve {

/// The Date header of an answer ("Sun, 06 Nov 1994 08:49:37 GMT") as RFC 3339; empty when it is
/// none. All "since" comparisons use the server's clock, never ours.
std::string rfc3339_from_http_date(std::string_view date);

/// Seconds since 1970 of an RFC 3339 text in UTC.
std::optional<std::int64_t> epoch_from_rfc3339(std::string_view text);
std::string rfc3339_from_epoch(std::int64_t seconds);

}  // namespace pveplan::pve
