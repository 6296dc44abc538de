#pragma once

#include "model/row.hpp"
#include "providers/pve/guest_codec/guest_config.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// What the topology calls a guest's disks and NICs: slots by name. A disk is followed by its
/// volume, also when somebody moved it to another slot or detached it (`unusedN`), a NIC by its
/// MAC. Of a guest without a row the parts are called as their slots; where a guest is adopted, a
/// part whose slot is not stated is the only one that is left, and disk.os the one that it boots.
class PartNames {
 public:
  PartNames() {}
  static PartNames of(const GuestConfig& config, const model::Row* row);

  /// The slot in which the part is now; empty when it is nowhere.
  std::string disk_slot(std::string_view name) const { return find(disks_, name); }
  std::string nic_slot(std::string_view name) const { return find(nics_, name); }
  const std::map<std::string, std::string, std::less<>>& disks() const { return disks_; }
  const std::map<std::string, std::string, std::less<>>& nics() const { return nics_; }
  /// Slots that hold a volume which no part of the topology names: disks, unused volumes, EFI and
  /// TPM state, but no CD drives. Sorted.
  const std::vector<std::string>& undeclared() const { return undeclared_; }

 private:
  using Slots = std::map<std::string, std::string, std::less<>>;
  static std::string find(const Slots& slots, std::string_view name);
  void find_disks(const GuestConfig& config, const model::Row& row);
  void find_nics(const GuestConfig& config, const model::Row& row);
  void find_only_choices(const GuestConfig& config, const model::Row& row);
  void name_all_by_slot(const GuestConfig& config);
  void collect_undeclared(const GuestConfig& config);

  Slots disks_;
  Slots nics_;
  std::vector<std::string> undeclared_;
};

/// "disk.data" as it stands in a row: the kind, and the name.
std::string part_key(std::string_view kind, std::string_view name);

}  // namespace pveplan::pve
