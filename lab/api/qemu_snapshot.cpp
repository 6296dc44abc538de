// Snapshots of virtual machines, without their memory.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_apply.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_drive.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// Whether a drive's storage can keep older states of it.
bool keeps_snapshots(const World& world, const Drive& drive) {
  const auto id = parse_volume_id(drive.file);
  const auto definition =
      id ? world.storage.definitions.find(id->storage) : world.storage.definitions.end();
  if (definition == world.storage.definitions.end()) return false;
  const auto name = parse_volume_name(definition->second, id->name);
  return name &&
         (name->format == "qcow2" || matches(definition->second.type, "lvmthin|zfspool|rbd|btrfs"));
}

/// The drives that a snapshot holds.
std::vector<std::pair<std::string, Drive>> kept_drives(const World& world,
                                                       const GuestOptions& options) {
  std::vector<std::pair<std::string, Drive>> drives;
  for (const auto& [name, value] : drives_of(options)) {
    const auto drive = parse_drive(world.release.major, value);
    if (drive && !drive->is_cdrom() && !drive->is_empty()) drives.emplace_back(name, *drive);
  }
  return drives;
}

bool is_on_lvm(const World& world, const Drive& drive) {
  const auto id = parse_volume_id(drive.file);
  const auto definition =
      id ? world.storage.definitions.find(id->storage) : world.storage.definitions.end();
  return definition != world.storage.definitions.end() && definition->second.type == "lvmthin";
}

std::string volume_name(const Drive& drive) { return drive.file.substr(drive.file.find(':') + 1); }

std::string start_snapshot_task(Call& call, const char* type, const char* kind) {
  const int vmid = static_cast<int>(call.parameters.integer("vmid"));
  Value arguments = Value::map({{"vmid", num(vmid)},
                                {"name", str(call.parameters.text("snapname"))},
                                {"description", str(call.parameters.text("description"))},
                                {"start", num(call.parameters.flag("start") ? 1 : 0)}});
  return start_guest_task(
      call, {type, std::to_string(vmid), kind, vmid, std::move(arguments), kSnapshot});
}

Reply make_snapshot(Call& call) {
  const std::string name = call.parameters.text("snapname");
  for (const char* reserved : {"current", "pending"}) {
    if (name == reserved)
      return fail(fmt::format("unable to use snapshot name '{}' (reserved name)", name));
  }
  return str(start_snapshot_task(call, "qmsnapshot", "qemu-snapshot"));
}

Reply remove_snapshot(Call& call) {
  return str(start_snapshot_task(call, "qmdelsnapshot", "qemu-drop-snapshot"));
}

Reply roll_back(Call& call) {
  return str(start_snapshot_task(call, "qmrollback", "qemu-rollback"));
}

Reply list_snapshots(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  Value::List rows;
  for (const auto& [name, snapshot] : (*guest)->snapshots) {
    Value::Fields row{{"name", str(name)},
                      {"description", str(snapshot.description)},
                      {"snaptime", num(snapshot.taken)},
                      {"vmstate", num(0)}};
    if (!snapshot.parent.empty()) row.emplace_back("parent", str(snapshot.parent));
    rows.push_back(Value::map(std::move(row)));
  }
  Value::Fields current{{"name", str("current")},
                        {"description", str("You are here!")},
                        {"digest", str(guest_digest(**guest))},
                        {"running", num((*guest)->running() ? 1 : 0)}};
  if (!(*guest)->parent_snapshot.empty())
    current.emplace_back("parent", str((*guest)->parent_snapshot));
  rows.push_back(Value::map(std::move(current)));
  return Value::list(std::move(rows));
}

Reply change_snapshot(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const std::string name = call.parameters.text("snapname");
  const auto found = (*guest)->snapshots.find(name);
  if (found == (*guest)->snapshots.end())
    return fail(fmt::format("snapshot '{}' does not exist", name));
  if (call.parameters.has("description"))
    found->second.description = call.parameters.text("description");
  return Payload{};
}

Reply snapshot_index(Call&) {
  Value::List rows;
  for (const char* name : {"config", "rollback"}) rows.push_back(Value::map({{"cmd", str(name)}}));
  return Value::list(std::move(rows));
}

/// The guest of a snapshot task, unlocked and with its file lock held.
std::expected<Guest*, PhaseResult> snapshot_guest(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto found = find_machine(work.world, work.task->node, vmid);
  if (!found) return std::unexpected(PhaseResult{std::unexpected(task_text(found.error()))});
  if (auto wait = await_file_lock(work, **found, {vmid, false, kFileLockPatience}))
    return std::unexpected(*wait);
  if (const auto free = check_lock(**found); !free)
    return std::unexpected(PhaseResult{std::unexpected(task_text(free.error()))});
  return *found;
}

std::string missing_snapshot(const std::string& name) {
  return fmt::format("snapshot '{}' does not exist", name);
}

}  // namespace

PhaseResult snapshot_work(Work& work) {
  const auto found = snapshot_guest(work);
  if (!found) return found.error();
  Guest& guest = **found;
  const std::string name = argument(work, "name");
  if (flag_of(guest.options, "template"))
    return std::unexpected("you can't take a snapshot if it's a template");
  if (guest.snapshots.contains(name))
    return std::unexpected(fmt::format("snapshot name '{}' already used", name));
  const auto drives = kept_drives(work.world, guest.options);
  for (const auto& [key, drive] : drives) {
    if (!keeps_snapshots(work.world, drive))
      return std::unexpected("snapshot feature is not available");
  }
  for (const auto& [key, drive] : drives) {
    work.log(fmt::format("snapshotting 'drive-{}' ({})", key, drive.file));
    if (is_on_lvm(work.world, drive))
      work.log(fmt::format("  Logical volume \"snap_{}_{}\" created.", volume_name(drive), name));
  }
  GuestSnapshot snapshot;
  snapshot.options = guest.options;
  std::erase_if(snapshot.options, [](const auto& option) {
    return is_unused_name(option.first) || option.first == "description";
  });
  snapshot.taken = unix_seconds(work.world.now);
  snapshot.parent = guest.parent_snapshot;
  snapshot.description = argument(work, "description");
  guest.snapshots[name] = std::move(snapshot);
  guest.parent_snapshot = name;
  return done();
}

PhaseResult drop_snapshot_work(Work& work) {
  const auto found = snapshot_guest(work);
  if (!found) return found.error();
  Guest& guest = **found;
  const std::string name = argument(work, "name");
  const auto node = guest.snapshots.extract(name);
  if (!node) return std::unexpected(missing_snapshot(name));
  for (const auto& [key, drive] : kept_drives(work.world, node.mapped().options)) {
    if (!is_on_lvm(work.world, drive)) continue;
    work.log(fmt::format("  Logical volume \"snap_{}_{}\" successfully removed.",
                         volume_name(drive), name));
  }
  if (guest.parent_snapshot == name) guest.parent_snapshot = node.mapped().parent;
  for (auto& [other, snapshot] : guest.snapshots) {
    if (snapshot.parent == name) snapshot.parent = node.mapped().parent;
  }
  return done();
}

PhaseResult rollback_work(Work& work) {
  const auto found = snapshot_guest(work);
  if (!found) return found.error();
  Guest& guest = **found;
  const std::string name = argument(work, "name");
  const auto snapshot = guest.snapshots.find(name);
  if (snapshot == guest.snapshots.end()) return std::unexpected(missing_snapshot(name));
  for (const auto& [key, drive] : kept_drives(work.world, snapshot->second.options)) {
    if (!is_on_lvm(work.world, drive)) continue;
    work.log(fmt::format("  Logical volume \"{}\" successfully removed.", volume_name(drive)));
    work.log(fmt::format("  Logical volume \"{}\" created.", volume_name(drive)));
  }
  note_change(work.world, guest);
  guest.process.reset();
  guest.pending.clear();
  guest.pending_deletes.clear();
  GuestOptions options = snapshot->second.options;
  for (const auto& [key, value] : guest.options) {
    if (is_unused_name(key) || key == "description") options[key] = value;
  }
  guest.options = std::move(options);
  forget_used_volumes(work.world.release.major, guest);
  if (guest.options.contains("vmgenid")) guest.options["vmgenid"] = work.world.random.uuid();
  guest.parent_snapshot = name;
  if (argument(work, "start") != "1") return done();
  const auto started = start_machine_now(work, vmid_argument(work.event.arguments));
  if (!started) return std::unexpected(started.error());
  return done_with(*started);
}

void add_qemu_snapshot_calls(ApiTable& api) {
  const std::string all = "/nodes/{node}/qemu/{vmid}/snapshot";
  const std::string one = all + "/{snapname}";
  const auto name = [] { return text("snapname").of_format("pve-configid").up_to(40); };
  api.get(all, list_snapshots)
      .allowed(needs("/vms/{vmid}", {"VM.Audit"}))
      .privileged()
      .on_node()
      .takes({guest_id()});
  api.post(all, make_snapshot)
      .allowed(needs("/vms/{vmid}", {"VM.Snapshot"}))
      .privileged()
      .on_node()
      .takes({guest_id(), text("description").optional(), name(), flag("vmstate").optional()});
  api.get(one, snapshot_index).allowed(everyone()).takes({node_name(), guest_id(), name()});
  api.remove(one, remove_snapshot)
      .allowed(needs("/vms/{vmid}", {"VM.Snapshot"}))
      .privileged()
      .on_node()
      .takes({guest_id(), flag("force").optional(), name()});
  api.put(one + "/config", change_snapshot)
      .allowed(needs("/vms/{vmid}", {"VM.Snapshot"}))
      .privileged()
      .on_node()
      .takes({guest_id(), text("description").optional(), name()});
  api.post(one + "/rollback", roll_back)
      .allowed(needs_any("/vms/{vmid}", {"VM.Snapshot", "VM.Snapshot.Rollback"}))
      .privileged()
      .on_node()
      .takes({guest_id(), name(), flag("start").optional()});
}

}  // namespace pveplan::lab
