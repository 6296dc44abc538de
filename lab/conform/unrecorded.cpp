#include "lab/conform/unrecorded.hpp"

#include <algorithm>

namespace pveplan::lab {
namespace {

void forget_guest(World& world, int vmid) {
  world.guests.erase(vmid);
  for (auto& [storage, nodes] : world.storage.volumes) {
    for (auto& [node, volumes] : nodes)
      std::erase_if(volumes, [&](const auto& volume) { return volume.second.guest == vmid; });
  }
}

void set_lock(World& world, int vmid, const std::string& lock) {
  const auto guest = world.guests.find(vmid);
  if (guest == world.guests.end()) return;
  guest->second.options.erase("lock");
  if (!lock.empty()) guest->second.options["lock"] = lock;
}

/// nobody@pve may read one machine, and change its memory and options.
void grant_partly(World& world) {
  world.access.custom_roles["Partly"] = {"VM.Audit", "VM.Config.Memory", "VM.Config.Options"};
  world.access.acl["/vms/200"].users["nobody@pve"]["Partly"] = true;
}

void add_container(World& world) {
  Guest guest;
  guest.kind = GuestKind::lxc;
  guest.node = world.first_node();
  guest.options = {{"hostname", "ct"},
                   {"arch", "amd64"},
                   {"memory", "128"},
                   {"swap", "0"},
                   {"rootfs", "local:205/vm-205-disk-0.raw,size=1G"}};
  guest.news = GuestNews{world.now, false, {}, {}};
  world.guests[205] = std::move(guest);
}

/// Another process held the file lock, until it had been waited for in vain twice.
void hold_file_lock(World& world, int vmid, bool held) {
  static constexpr const char* kHolder = "UPID:pve:00000001:00000001:00000001:held:::";
  WorldTask& holder = world.tasks.by_upid[kHolder];
  holder.end = held ? std::nullopt : std::optional(unix_seconds(world.now));
  const auto guest = world.guests.find(vmid);
  if (guest == world.guests.end() || !held) return;
  guest->second.file_locks.push_back({kHolder, false, world.now + std::chrono::hours{1}});
}

}  // namespace

void act_before(World& world, const std::string& exchange) {
  const bool is_creation = exchange.starts_with("create.one-bad.") &&
                           !exchange.ends_with(".config") &&
                           exchange.find(".task.") == std::string::npos;
  if (is_creation) forget_guest(world, 201);
  if (exchange == "unknown-vm.GET.config.999") forget_guest(world, 201);
  if (exchange == "perm.partial.memory-ok") grant_partly(world);
  if (exchange == "lock.config") set_lock(world, 200, "backup");
  if (exchange == "lock.config-after-unlock") set_lock(world, 200, {});
  const bool needs_container =
      exchange == "ct.vmid-in-use-by-ct" || exchange == "ct.clone-to-ct-id";
  if (needs_container && !world.guests.contains(205)) add_container(world);
  if (exchange == "flock.post-config-while-lock-file-held") hold_file_lock(world, 430, true);
  if (exchange == "flock.post-config-released-in-time") hold_file_lock(world, 430, false);
  if (exchange == "locked.put-config") set_lock(world, 430, "backup");
  if (exchange == "post-config.digest-stale") set_lock(world, 430, {});
}

}  // namespace pveplan::lab
