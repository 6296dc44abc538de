#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::pve {

/// Bytes of a size as Proxmox writes it ("32G", "10752M", "540672"); decimals are taken too.
std::optional<std::int64_t> parse_size_text(std::string_view text);

/// With the largest unit of K M G T that divides exactly, else plain digits (FACTS 7.5).
std::string size_text(std::int64_t bytes);

/// For people: "20 GiB".
std::string readable_bytes(std::int64_t bytes);

/// The plain number of GiB that a new disk is asked for with: "32", "0.5" (FACTS 6.4).
std::string gibibytes_text(std::int64_t bytes);

}  // namespace pveplan::pve
