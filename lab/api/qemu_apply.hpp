#pragma once

#include "lab/api/qemu_disks.hpp"

#include <map>
#include <set>
#include <string>

/// From pending values to current ones.
namespace pveplan::lab {

/// All of it, as for a machine that does not run.
void apply_pending(const DiskPlace& place, Guest& guest);

/// What can be changed while it runs; the rest stays pending. Failures by option, in the server's
/// words. Only options of `selection` are looked at, but for those that no process notices.
std::map<std::string, std::string> hotplug_pending(const DiskPlace& place, Guest& guest,
                                                   const std::set<std::string>& selection);

/// Pending values that are current already are forgotten.
void forget_idle_pending(Guest& guest);
/// Unused entries of volumes that are attached again are forgotten.
void forget_used_volumes(int major, Guest& guest);

/// Whether a change of that drive's value would be seen as another CD in the boot order.
bool is_boot_cdrom(int major, const std::string& value);

}  // namespace pveplan::lab
