#include "providers/pve/guest/part_names.hpp"

#include "providers/core/resource_type.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/property_string.hpp"

#include <algorithm>
#include <set>

namespace pveplan::pve {
namespace {

constexpr std::string_view kDisk = "disk.";
constexpr std::string_view kNic = "nic.";

/// Slots that hold a volume of the guest's own.
bool holds_volume(const std::string& key, const std::string& text) {
  if (key == "efidisk0" || key == "tpmstate0" || is_unused_slot(key)) return true;
  return is_drive_slot(key) && !Drive::parse(text).is_cdrom();
}

std::string slot_of_volume(const GuestConfig& config, const std::string& volume) {
  if (volume.empty()) return {};
  for (const auto& key : config.keys()) {
    const auto text = config.text(key);
    if (holds_volume(key, text) && Drive::parse(text).volume() == volume) return key;
  }
  return {};
}

/// The first disk of `boot: order=scsi0;net0`; empty when it names none.
std::string first_boot_disk(const GuestConfig& config) {
  std::string_view order = config.text("boot");
  const auto start = order.find("order=");
  if (start == order.npos) return {};
  order.remove_prefix(start + 6);
  order = order.substr(0, order.find(','));
  while (!order.empty()) {
    const auto end = std::min(order.find(';'), order.size());
    const std::string key(order.substr(0, end));
    if (is_drive_slot(key) && holds_volume(key, config.text(key))) return key;
    order.remove_prefix(std::min(end + 1, order.size()));
  }
  return {};
}

std::string slot_of_mac(const GuestConfig& config, const std::string& mac) {
  if (mac.empty()) return {};
  for (const auto& key : config.keys()) {
    if (!is_nic_slot(key)) continue;
    const auto live = PropertyString::parse(config.text(key), net_format()).text("macaddr");
    const bool same = std::equal(live.begin(), live.end(), mac.begin(), mac.end(),
                                 [](char a, char b) { return std::toupper(a) == std::toupper(b); });
    if (same) return key;
  }
  return {};
}

}  // namespace

std::string part_key(std::string_view kind, std::string_view name) {
  return std::string(kind) + "." + std::string(name);
}

std::string PartNames::find(const Slots& slots, std::string_view name) {
  const auto at = slots.find(name);
  return at == slots.end() ? std::string() : at->second;
}

PartNames PartNames::of(const GuestConfig& config, const model::Row* row) {
  PartNames names;
  if (row == nullptr) {
    names.name_all_by_slot(config);
  } else {
    names.find_disks(config, *row);
    names.find_nics(config, *row);
    if (!text_of(row->notes, core::kAdopting).empty()) names.find_only_choices(config, *row);
  }
  names.collect_undeclared(config);
  return names;
}

void PartNames::find_disks(const GuestConfig& config, const model::Row& row) {
  std::vector<std::pair<std::string, std::string>> lost;  // name, remembered slot
  std::set<std::string> used;
  for (const auto& [key, part] : row.parts) {
    if (!key.starts_with(kDisk)) continue;
    const auto name = key.substr(kDisk.size());
    auto slot = slot_of_volume(config, text_of(part.identity, "volume"));
    if (slot.empty()) {
      if (!part.kept) lost.emplace_back(name, text_of(part.identity, "slot"));
    } else {
      used.insert(slot);
      disks_.emplace(name, std::move(slot));
    }
  }
  // A volume that was renamed (template, move to another storage) still sits in its slot.
  for (const auto& [name, slot] : lost) {
    const auto* text = config.find(slot);
    if (text != nullptr && holds_volume(slot, *text) && used.insert(slot).second)
      disks_.emplace(name, slot);
  }
}

void PartNames::find_nics(const GuestConfig& config, const model::Row& row) {
  for (const auto& [key, part] : row.parts) {
    if (!key.starts_with(kNic)) continue;
    auto slot = slot_of_mac(config, text_of(part.identity, "mac"));
    if (slot.empty()) slot = text_of(part.identity, "slot");
    if (config.find(slot) != nullptr) nics_.emplace(key.substr(kNic.size()), std::move(slot));
  }
}

void PartNames::find_only_choices(const GuestConfig& config, const model::Row& row) {
  std::set<std::string> used;
  for (const auto& [name, slot] : disks_) used.insert(slot);
  for (const auto& [name, slot] : nics_) used.insert(slot);
  std::set<std::string> disks, nics;
  for (const auto& key : config.keys()) {
    if (used.contains(key)) continue;
    if (is_drive_slot(key) && holds_volume(key, config.text(key))) disks.insert(key);
    if (is_nic_slot(key)) nics.insert(key);
  }
  std::vector<std::string> disk_names, nic_names;
  for (const auto& [key, part] : row.parts) {
    if (!text_of(part.identity, "slot").empty()) continue;
    const bool disk = key.starts_with(kDisk);
    (disk ? disk_names : nic_names).push_back(key.substr(disk ? kDisk.size() : kNic.size()));
  }
  const auto boots = first_boot_disk(config);
  const auto os = std::find(disk_names.begin(), disk_names.end(), "os");
  if (os != disk_names.end() && disks.contains(boots)) {
    disks_.emplace("os", boots);
    disks.erase(boots);
    disk_names.erase(os);
  }
  if (disks.size() == 1 && disk_names.size() == 1) disks_.emplace(disk_names[0], *disks.begin());
  if (nics.size() == 1 && nic_names.size() == 1) nics_.emplace(nic_names[0], *nics.begin());
}

void PartNames::name_all_by_slot(const GuestConfig& config) {
  for (const auto& key : config.keys()) {
    const bool disk = is_drive_slot(key) && holds_volume(key, config.text(key));
    if (disk) disks_.emplace(key, key);
    if (is_nic_slot(key)) nics_.emplace(key, key);
  }
}

void PartNames::collect_undeclared(const GuestConfig& config) {
  std::set<std::string> named;
  for (const auto& [name, slot] : disks_) named.insert(slot);
  for (const auto& key : config.keys()) {
    if (holds_volume(key, config.text(key)) && !named.contains(key)) undeclared_.push_back(key);
  }
  std::sort(undeclared_.begin(), undeclared_.end(), slot_less);
}

}  // namespace pveplan::pve
