#include "providers/pve/guest_codec/slots.hpp"

#include "providers/pve/coerce.hpp"

#include <algorithm>
#include <array>

namespace pveplan::pve {

std::optional<Slot> parse_slot(std::string_view key) {
  static constexpr auto kBuses =
      std::to_array<std::string_view>({"ide", "sata", "scsi", "virtio", "unused", "net"});
  const auto digit = key.find_first_of("0123456789");
  if (digit == key.npos || digit == 0) return std::nullopt;
  const auto bus = key.substr(0, digit);
  const auto number = parse_integer(key.substr(digit));
  if (!number || std::find(kBuses.begin(), kBuses.end(), bus) == kBuses.end()) return std::nullopt;
  return Slot{std::string(bus), static_cast<int>(*number)};
}

bool is_drive_slot(std::string_view key) {
  const auto slot = parse_slot(key);
  return slot && slot->bus != "unused" && slot->bus != "net";
}

bool is_unused_slot(std::string_view key) {
  const auto slot = parse_slot(key);
  return slot && slot->bus == "unused";
}

bool is_nic_slot(std::string_view key) {
  const auto slot = parse_slot(key);
  return slot && slot->bus == "net";
}

bool slot_less(std::string_view a, std::string_view b) {
  const auto left = parse_slot(a), right = parse_slot(b);
  if (!left || !right) return a < b;
  return left->bus != right->bus ? left->bus < right->bus : left->number < right->number;
}

std::string highest_free_scsi(const std::vector<std::string>& used) {
  constexpr int kHighest = 30;
  for (int number = kHighest; number >= 0; --number) {
    auto slot = "scsi" + std::to_string(number);
    if (std::find(used.begin(), used.end(), slot) == used.end()) return slot;
  }
  return {};
}

std::string ipconfig_key(std::string_view nic_slot) {
  return "ipconfig" + std::string(nic_slot.substr(std::string_view("net").size()));
}

}  // namespace pveplan::pve
