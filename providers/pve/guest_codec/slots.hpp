#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// Keys of a guest's config that hold a device, such as "scsi1" or "net0".
struct Slot {
  std::string bus;
  int number = 0;
};
/// nullopt when the key is none of the bus names with a number.
std::optional<Slot> parse_slot(std::string_view key);

bool is_drive_slot(std::string_view key);   ///< ide, sata, scsi, virtio: disks and CD drives
bool is_unused_slot(std::string_view key);  ///< unusedN: volumes that are attached nowhere
bool is_nic_slot(std::string_view key);     ///< netN

/// Orders slots as the server does: by bus, then by number.
bool slot_less(std::string_view a, std::string_view b);

/// The highest free scsiN: where the cloud-init drive goes.
std::string highest_free_scsi(const std::vector<std::string>& used);
/// The number of a NIC slot for its ipconfigN.
std::string ipconfig_key(std::string_view nic_slot);

}  // namespace pveplan::pve
