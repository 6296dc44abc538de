#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pveplan::pve {

/// The last line of the description of a guest that pveplan made:
/// `pveplan:<topology>:<address>:<vmid>:<nonce>`. A clone copies it, so it names its own VMID.
struct Marker {
  std::string topology;
  std::string address;
  std::int64_t vmid = 0;
  std::string nonce;
  friend bool operator==(const Marker&, const Marker&) = default;
};
std::string print(const Marker& marker);

/// A description without its marker line, and the marker.
struct Description {
  std::string text;
  std::optional<Marker> marker;
};
Description split_description(std::string_view text);
std::string join_description(std::string_view text, const Marker& marker);

}  // namespace pveplan::pve
