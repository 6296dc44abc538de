// Templates, and what a machine's storages can do.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_disks.hpp"
#include "lab/api/qemu_parameters.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Attempt<void> check_template(const Guest& guest, const std::string& disk) {
  if (const auto free = check_lock(guest); !free) return free;
  if (!guest.snapshots.empty())
    return fail("unable to create template, because VM contains snapshots");
  if (flag_of(guest.options, "template") && disk.empty())
    return fail("you can't convert a template to a template");
  if (guest.running()) return fail("you can't convert a VM to template if VM is running");
  return {};
}

Reply make_template(Call& call) {
  const int vmid = static_cast<int>(call.parameters.integer("vmid"));
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const std::string disk = call.parameters.text("disk");
  if (const auto good = check_template(**guest, disk); !good) return std::unexpected(good.error());
  Value arguments = Value::map({{"vmid", num(vmid)}, {"disk", str(disk)}});
  return str(start_guest_task(call, {"qmtemplate", std::to_string(vmid), "qemu-template", vmid,
                                     std::move(arguments), kMachineTemplate}));
}

/// The storage makes a base volume of it where it can.
std::string as_base(Work& work, int vmid, const std::string& volid) {
  World& world = work.world;
  const auto id = parse_volume_id(volid);
  if (!id || find_volume(world, volid, work.task->node) == nullptr) return volid;
  const StorageDefinition& definition = world.storage.definitions.at(id->storage);
  const auto name = parse_volume_name(definition, id->name);
  if (!name || name->is_base || definition.type == "lvm") return volid;
  std::string file = name->file;
  if (file.starts_with("vm-")) file = "base-" + file.substr(3);
  const auto made = rename_volume(world, volid, work.task->node, vmid, file);
  for (const std::string& line : made.log) work.log(line);
  return made.volid;
}

/// A snapshot of a drive works on most storages, a clone only from base volumes or LVM-thin
/// snapshots.
bool has_feature(const World& world, const std::string& volid, const std::string& feature,
                 bool of_snapshot) {
  const auto id = parse_volume_id(volid);
  const auto definition =
      id ? world.storage.definitions.find(id->storage) : world.storage.definitions.end();
  if (definition == world.storage.definitions.end()) return false;
  const auto name = parse_volume_name(definition->second, id->name);
  if (!name) return false;
  const std::string& type = definition->second.type;
  if (feature == "copy") return true;
  if (feature == "clone")
    return name->is_base || (of_snapshot && matches(type, "lvmthin|rbd|btrfs"));
  return name->format == "qcow2" || matches(type, "lvmthin|zfspool|rbd|btrfs");
}

Reply read_feature(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const std::string snapshot = call.parameters.text("snapname");
  bool all = true;
  for (const auto& [name, value] : drives_of((*guest)->options)) {
    const auto drive = parse_drive(call.major(), value);
    if (!drive || drive->is_cdrom()) continue;
    all = all &&
          has_feature(call.world, drive->file, call.parameters.text("feature"), !snapshot.empty());
  }
  Value::List nodes;
  nodes.push_back(str(call.node));
  return Value::map({{"hasFeature", num(all ? 1 : 0)}, {"nodes", Value::list(std::move(nodes))}});
}

}  // namespace

PhaseResult template_machine_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto found = find_machine(work.world, work.task->node, vmid);
  if (!found) return std::unexpected(task_text(found.error()));
  Guest& guest = **found;
  if (auto wait = await_file_lock(work, guest, {vmid, false, kFileLockPatience})) return *wait;
  const std::string only = argument(work, "disk");
  if (const auto good = check_template(guest, only); !good)
    return std::unexpected(task_text(good.error()));
  note_change(work.world, guest);
  guest.options["template"] = "1";
  for (const auto& [name, value] : drives_of(guest.options)) {
    if (!only.empty() && only != name) continue;
    auto drive = parse_drive(work.world.release.major, value);
    if (!drive || drive->is_cdrom() || drive->is_empty()) continue;
    drive->file = as_base(work, vmid, drive->file);
    guest.options[name] = print_drive(*drive);
  }
  return done();
}

void add_qemu_template_calls(ApiTable& api) {
  api.post("/nodes/{node}/qemu/{vmid}/template", make_template)
      .allowed(needs("/vms/{vmid}", {"VM.Allocate"}))
      .privileged()
      .on_node()
      .takes({guest_id(), text("disk").one_of(drive_names()).optional()});
  api.get("/nodes/{node}/qemu/{vmid}/feature", read_feature)
      .allowed(needs("/vms/{vmid}", {"VM.Audit"}))
      .privileged()
      .on_node()
      .takes({guest_id(), text("feature").one_of({"snapshot", "clone", "copy"}),
              text("snapname").of_format("pve-configid").up_to(40).optional()});
}

}  // namespace pveplan::lab
