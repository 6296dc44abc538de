#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace pveplan::schema {

/// Bytes of a size such as "40GiB" or "1.5TiB": a number and one of B, KiB, MiB, GiB, TiB, PiB. The
/// error is a whole sentence that says what to write.
std::expected<std::int64_t, std::string> parse_size(std::string_view text);

/// What to write instead of a bare number, as a whole sentence: the unit that a person most likely
/// means. `usual_unit_is_mebibyte`: memory, which Proxmox itself counts in MiB.
std::string advise_unit(std::string_view number, bool usual_unit_is_mebibyte);

/// The shortest exact form: 1073741824 is "1GiB".
std::string format_size(std::int64_t bytes);

/// As a person reads it: "20 GiB", "1.5 TiB", "512 KiB", the largest unit in which at most two
/// decimals are needed.
std::string readable_size(std::uint64_t bytes);

/// Seconds of a duration such as "90s", "5m", "1h30m" or "2d".
std::expected<std::int64_t, std::string> parse_duration(std::string_view text);

/// The shortest exact form: 5400 is "1h30m".
std::string format_duration(std::int64_t seconds);

}  // namespace pveplan::schema
