// Removing virtual machines.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_access.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_disks.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Reply destroy_machine(Call& call) {
  if (const auto skip = check_skiplock(call); !skip) return std::unexpected(skip.error());
  const int vmid = static_cast<int>(call.parameters.integer("vmid"));
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const auto allowed = check_protection((*guest)->options, fmt::format("can't remove VM {}", vmid));
  if (!allowed) return std::unexpected(allowed.error());
  if ((*guest)->running()) return fail(fmt::format("VM {} is running - destroy failed", vmid));
  Value arguments = Value::map(
      {{"vmid", num(vmid)},
       {"purge", num(call.parameters.flag("purge") ? 1 : 0)},
       {"unreferenced", num(call.parameters.flag("destroy-unreferenced-disks") ? 1 : 0)}});
  return str(start_guest_task(call, {"qmdestroy", std::to_string(vmid), "qemu-destroy", vmid,
                                     std::move(arguments), kMachineDestroy}));
}

/// All volumes that a config refers to, each once.
std::vector<std::string> volumes_of(int major, const Guest& guest) {
  std::set<std::string> volids;
  const auto add = [&](const GuestOptions& options) {
    for (const auto& [name, value] : options) {
      if (!is_drive_name(name) && !is_unused_name(name)) continue;
      const auto drive = parse_drive(major, value);
      if (drive && !drive->is_empty()) volids.insert(drive->file);
    }
  };
  add(guest.options);
  add(guest.pending);
  for (const auto& [name, snapshot] : guest.snapshots) add(snapshot.options);
  return {volids.begin(), volids.end()};
}

/// The text that keeps a template with linked clones alive.
std::optional<std::string> base_in_use(const World& world, const std::string& volid,
                                       const std::string& node) {
  const auto id = parse_volume_id(volid);
  if (!id) return std::nullopt;
  const auto definition = world.storage.definitions.find(id->storage);
  if (definition == world.storage.definitions.end() || definition->second.type.starts_with("lvm"))
    return std::nullopt;
  const auto nodes = world.storage.volumes.find(id->storage);
  if (nodes == world.storage.volumes.end()) return std::nullopt;
  const auto volumes = nodes->second.find(volume_place(world.storage, id->storage, node));
  if (volumes == nodes->second.end()) return std::nullopt;
  for (const auto& [name, volume] : volumes->second) {
    if (volume.parent == id->name && !id->name.empty())
      return fmt::format("base volume '{}' is still in use by linked cloned", volid);
  }
  return std::nullopt;
}

void free_unreferenced(const DiskPlace& place) {
  std::vector<std::string> storages;
  for (const auto& [id, definition] : place.world.storage.definitions) storages.push_back(id);
  for (const std::string& storage : storages) {
    for (const std::string& volid : volumes_of_guest(place.world, storage, place.node, place.vmid))
      free_owned(place, volid);
  }
}

}  // namespace

PhaseResult destroy_machine_work(Work& work) {
  World& world = work.world;
  const int vmid = vmid_argument(work.event.arguments);
  const auto found = find_machine(world, work.task->node, vmid);
  if (!found) return std::unexpected(task_text(found.error()));
  Guest& guest = **found;
  if (auto wait = await_file_lock(work, guest, {vmid, false, kFileLockPatience})) return *wait;
  if (const auto free = check_lock(guest); !free) return std::unexpected(task_text(free.error()));
  if (guest.running())
    return std::unexpected(fmt::format("VM {} is running - destroy failed", vmid));
  const auto volids = volumes_of(world.release.major, guest);
  for (const std::string& volid : volids) {
    if (auto text = base_in_use(world, volid, guest.node)) return std::unexpected(*text);
  }
  const DiskPlace place{
      world, guest.node, vmid, {}, [&](std::string line) { work.log(std::move(line)); }};
  for (const std::string& volid : volids) free_owned(place, volid);
  if (argument(work, "unreferenced") == "1") free_unreferenced(place);
  leave_pools(world, vmid);
  world.access.acl.erase(fmt::format("/vms/{}", vmid));
  if (argument(work, "purge") == "1")
    work.log(fmt::format("purging VM {} from related configurations..", vmid));
  world.guests.erase(vmid);
  return done();
}

void add_qemu_destroy_calls(ApiTable& api) {
  api.remove("/nodes/{node}/qemu/{vmid}", destroy_machine)
      .allowed(needs("/vms/{vmid}", {"VM.Allocate"}))
      .privileged()
      .on_node()
      .takes({guest_id(), flag("destroy-unreferenced-disks").optional(), flag("purge").optional(),
              flag("skiplock").optional()});
}

}  // namespace pveplan::lab
