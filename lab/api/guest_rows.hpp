#pragma once

#include "lab/world/world.hpp"
#include "schema/value.hpp"

/// What the lists of guests show.
namespace pveplan::lab {

/// Whether the cluster has been told of what changed then: nodes tell it every ten seconds.
bool is_broadcast(const World& world, Time changed);

/// CPUs that a guest has; a node never shows more of them than it has itself.
int shown_cpus(const World& world, const Guest& guest, const GuestOptions& options);
/// Bytes of the disk that it starts from.
std::int64_t boot_disk_size(const World& world, const Guest& guest, const GuestOptions& options);

/// A virtual machine as its own status and the list of its node show it; `full` adds what QEMU
/// itself would tell.
schema::Value::Fields machine_status(const World& world, int vmid, const Guest& guest, bool full);

}  // namespace pveplan::lab
