#pragma once

#include "lab/api/qemu_drive.hpp"
#include "lab/core/call.hpp"

#include <string>
#include <vector>

/// Who may set what: the checks of the calls that create and change virtual machines.
namespace pveplan::lab {

/// Rights on the options themselves; those of drives depend on their values. With a pool the rights
/// may come from it.
Attempt<void> check_option_rights(const Call& call, int vmid, const std::string& pool,
                                  const std::vector<std::string>& options);
/// Serial ports, USB and PCI devices of the host.
Attempt<void> check_device_rights(const Call& call, int vmid, const GuestOptions& options);
/// A right on the guest, or on the pool it is to join.
Attempt<void> require_on_guest(const Call& call, int vmid, const std::string& pool,
                               const std::string& privilege);

/// What drives ask of storages: that they exist, are readable names, and may be used.
Attempt<void> check_storage_rights(const Call& call, int vmid, const GuestOptions& options,
                                   const std::string& default_storage);
/// `import-from` and its companions.
Attempt<void> check_drive_rules(const Call& call, const std::string& name, const Drive& drive);
/// SDN.Use on the bridges of the NICs.
Attempt<void> check_bridge_rights(const Call& call, const GuestOptions& options);

/// Space on a storage, for volumes that a call makes there.
Attempt<const StorageDefinition*> require_space(const Call& call, const std::string& storage);

/// "skiplock" is for root alone.
Attempt<void> check_skiplock(const Call& call);
/// 403 when the pool that a guest shall join does not exist.
Attempt<void> check_pool_exists(const Call& call);

}  // namespace pveplan::lab
