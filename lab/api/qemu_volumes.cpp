// Growing and moving the disks of virtual machines.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_access.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_disks.hpp"
#include "lab/api/qemu_parameters.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

using schema::Value;

int machine_of(const Call& call) { return static_cast<int>(call.parameters.integer("vmid")); }

Reply resize_disk(Call& call) {
  if (const auto skip = check_skiplock(call); !skip) return std::unexpected(skip.error());
  const int vmid = machine_of(call);
  Value arguments = Value::map({{"vmid", num(vmid)},
                                {"disk", str(call.parameters.text("disk"))},
                                {"size", str(call.parameters.text("size"))},
                                {"digest", str(call.parameters.text("digest"))}});
  return str(start_guest_task(call, {"resize", std::to_string(vmid), "qemu-resize", vmid,
                                     std::move(arguments), kDiskResize}));
}

Attempt<void> check_resize(const Guest& guest, const std::string& digest) {
  if (const auto same = check_digest(guest, digest); !same) return same;
  return check_lock(guest);
}

/// The drive of a task, with its volume.
std::expected<Drive, std::string> sizable_drive(const Work& work, const Guest& guest,
                                                const std::string& disk) {
  if (!guest.options.contains(disk))
    return std::unexpected(fmt::format("disk '{}' does not exist", disk));
  const auto drive = parse_drive(work.world.release.major, guest.options.at(disk));
  if (!drive || drive->is_cdrom()) return std::unexpected("you can't resize a cdrom");
  if (find_volume(work.world, drive->file, work.task->node) == nullptr)
    return std::unexpected(fmt::format("volume '{}' does not exist", drive->file));
  return *drive;
}

struct Move {
  int vmid = 0, target = 0;
  std::string disk, target_disk, storage, format;
  bool destroy = false;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("vmid", self.vmid);
    archive("target", self.target);
    archive("disk", self.disk);
    archive("target_disk", self.target_disk);
    archive("storage", self.storage);
    archive("format", self.format);
    archive("destroy", self.destroy);
  }
};

Attempt<void> check_move_source(const Call& call, const Guest& guest) {
  if (const auto free = check_lock(guest); !free) return free;
  const std::string digest = call.parameters.text("digest");
  if (digest.empty() || digest == guest_digest(guest)) return {};
  return fail("detected modified configuration - file changed by other user? Try again.");
}

Attempt<Drive> movable_drive(const Call& call, const Guest& guest, const Move& move) {
  if (!guest.options.contains(move.disk))
    return fail(fmt::format("disk '{}' does not exist", move.disk));
  const auto drive = parse_drive(call.major(), guest.options.at(move.disk));
  if (!drive || drive->is_empty())
    return fail(fmt::format("disk '{}' has no associated volume", move.disk));
  if (drive->is_cdrom()) return fail("you can't move a cdrom");
  return *drive;
}

Reply move_to_storage(Call& call, const Move& move, const Drive& drive) {
  const auto space = require_space(call, move.storage);
  if (!space) return std::unexpected(space.error());
  const auto id = parse_volume_id(drive.file);
  const Volume* volume = find_volume(call.world, drive.file, call.node);
  const std::string format = volume == nullptr ? std::string{} : volume->format;
  const bool same_format = move.format.empty() || move.format == format;
  if (id && id->storage == move.storage && same_format)
    return fail("you can't move to the same storage with same format");
  const Duration time =
      kDiskAllocate + copy_duration(bytes_to_copy(call.world, drive.file, call.node));
  return str(start_guest_task(
      call, {"qmmove", std::to_string(move.vmid), "qemu-move", move.vmid, to_value(move), time}));
}

Reply reassign(Call& call, const Move& move) {
  const auto target = find_machine(call.world, call.node, move.target);
  if (!target) return std::unexpected(target.error());
  if ((*target)->options.contains(move.target_disk)) {
    return fail(fmt::format("Target disk key '{}' is already in use for VM '{}'", move.target_disk,
                            move.target));
  }
  const std::string id =
      fmt::format("{}-{}>{}-{}", move.vmid, move.disk, move.target, move.target_disk);
  return str(
      start_guest_task(call, {"qmmove", id, "qemu-move", move.vmid, to_value(move), kDiskResize}));
}

Reply move_disk(Call& call) {
  Move move{machine_of(call),
            static_cast<int>(call.parameters.integer("target-vmid")),
            call.parameters.text("disk"),
            call.parameters.text("target-disk"),
            call.parameters.text("storage"),
            call.parameters.text("format"),
            call.parameters.flag("delete")};
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  if (const auto good = check_move_source(call, **guest); !good)
    return std::unexpected(good.error());
  const auto drive = movable_drive(call, **guest, move);
  if (!drive) return std::unexpected(drive.error());
  if (move.target != 0 && !move.storage.empty())
    return bad_parameter("target-vmid", "either 'storage' or 'target-vmid' can be used, not both");
  if (move.target == 0 && move.storage.empty())
    return bad_parameter("storage", "either 'storage' or 'target-vmid' must be specified");
  if (move.target == 0) return move_to_storage(call, move, *drive);
  if (move.target_disk.empty()) move.target_disk = move.disk;
  return reassign(call, move);
}

LogSink task_log(Work& work) {
  return [&work](std::string line) { work.log(std::move(line)); };
}

PhaseResult do_reassign(Work& work, const Move& move, Guest& guest, Drive drive) {
  World& world = work.world;
  const auto found = find_machine(world, work.task->node, move.target);
  if (!found) return std::unexpected(task_text(found.error()));
  Guest& target = **found;
  const VolumeId id = *parse_volume_id(drive.file);
  const Volume volume = *find_volume(world, drive.file, work.task->node);
  work.log(world.is_version_9() ? fmt::format("reassign disk '{}' from VM '{}' as '{}' to VM '{}'",
                                              move.disk, move.vmid, move.target_disk, move.target)
                                : fmt::format("moving disk '{}' from VM '{}' to '{}'", move.disk,
                                              move.vmid, move.target));
  const std::string file =
      next_disk_name(world, id.storage, work.task->node, move.target, volume.format);
  const auto renamed = rename_volume(world, drive.file, work.task->node, move.target, file);
  for (const std::string& line : renamed.log) work.log(line);
  work.log(fmt::format("removing disk '{}' from VM '{}' config", move.disk, move.vmid));
  guest.options.erase(move.disk);
  drive.file = renamed.volid;
  target.options[move.target_disk] = print_drive(drive);
  work.log(fmt::format("update VM {}: -{} {}", move.target, move.target_disk, print_drive(drive)));
  return done();
}

bool is_in_snapshot(const World& world, const Guest& guest, const std::string& volid) {
  for (const auto& [name, snapshot] : guest.snapshots) {
    for (const auto& [key, value] : drives_of(snapshot.options)) {
      const auto drive = parse_drive(world.release.major, value);
      if (drive && drive->file == volid) return true;
    }
  }
  return false;
}

PhaseResult do_move(Work& work, const Move& move, Guest& guest, Drive drive) {
  World& world = work.world;
  const DiskPlace place{world, work.task->node, move.vmid, {}, task_log(work)};
  const std::string from = drive.file.substr(0, drive.file.find(':'));
  const bool new_words = world.is_version_9();
  if (new_words) {
    work.log(fmt::format("copying volume '{}' from current storage '{}' to target storage '{}'",
                         drive.file, from, move.storage));
  }
  if (is_in_snapshot(world, guest, drive.file))
    work.log("moving disk with snapshots, snapshots will not be moved!");
  work.log(fmt::format("create full clone of drive {} ({})", move.disk, drive.file));
  const auto copied = copy_volume(
      place, {move.disk, drive.file, move.storage, move.format, false, move.disk == "efidisk0"});
  if (!copied) return std::unexpected("storage migration failed: " + copied.error());
  if (guest.running()) log_mirror(place, move.disk, false);
  const std::string old = std::exchange(drive.file, copied->volid);
  drive.keys["size"] = std::to_string(copied->size);
  note_change(world, guest);
  guest.options[move.disk] = print_drive(drive);
  if (move.destroy) {
    if (new_words) work.log(fmt::format("removing source volume '{}' after successful copy", old));
    free_owned(place, old);
    return done();
  }
  keep_unused(world, move.vmid, guest, {old, {}});
  const auto kept = std::ranges::find_if(guest.options, [&](const auto& option) {
    return is_unused_name(option.first) && option.second == old;
  });
  if (new_words && kept != guest.options.end())
    work.log(fmt::format("adding source volume '{}' as '{}' to config", old, kept->first));
  return done();
}

}  // namespace

PhaseResult resize_disk_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto found = find_machine(work.world, work.task->node, vmid);
  if (!found) return std::unexpected(task_text(found.error()));
  Guest& guest = **found;
  if (auto wait = await_file_lock(work, guest, {vmid, false, kFileLockPatience})) return *wait;
  if (const auto good = check_resize(guest, argument(work, "digest")); !good)
    return std::unexpected(task_text(good.error()));
  const std::string disk = argument(work, "disk");
  auto drive = sizable_drive(work, guest, disk);
  if (!drive) return std::unexpected(drive.error());
  const std::string wanted = argument(work, "size");
  const bool relative = wanted.starts_with("+");
  const std::int64_t before = find_volume(work.world, drive->file, work.task->node)->size;
  const std::int64_t asked = size_bytes(relative ? wanted.substr(1) : wanted).value_or(0);
  const std::int64_t size = relative ? before + asked : asked;
  if (size < before) return std::unexpected("shrinking disks is not supported");
  if (size == before) return done();
  for (const std::string& line : resize_volume(work.world, drive->file, work.task->node, size))
    work.log(line);
  note_change(work.world, guest);
  drive->keys["size"] = std::to_string(size);
  guest.options[disk] = print_drive(*drive);
  return done();
}

PhaseResult move_disk_work(Work& work) {
  Move move;
  from_value(work.event.arguments, move);
  const auto found = find_machine(work.world, work.task->node, move.vmid);
  if (!found) return std::unexpected(task_text(found.error()));
  Guest& guest = **found;
  if (auto wait = await_file_lock(work, guest, {move.vmid, false, kFileLockPatience})) return *wait;
  if (const auto free = check_lock(guest); !free) return std::unexpected(task_text(free.error()));
  const auto drive = parse_drive(work.world.release.major, option_of(guest.options, move.disk));
  if (!drive || find_volume(work.world, drive->file, work.task->node) == nullptr)
    return std::unexpected(fmt::format("disk '{}' does not exist", move.disk));
  return move.target != 0 ? do_reassign(work, move, guest, *drive)
                          : do_move(work, move, guest, *drive);
}

void add_qemu_volume_calls(ApiTable& api) {
  const auto rule = needs("/vms/{vmid}", {"VM.Config.Disk"});
  auto all_names = drive_names();
  for (const std::string& name : unused_names()) all_names.push_back(name);
  api.put("/nodes/{node}/qemu/{vmid}/resize", resize_disk)
      .allowed(rule)
      .privileged()
      .on_node()
      .takes({guest_id(), text("digest").up_to(40).optional(), text("disk").one_of(drive_names()),
              text("size").matching("\\+?\\d+(\\.\\d+)?[KMGT]?"), flag("skiplock").optional()});
  api.post("/nodes/{node}/qemu/{vmid}/move_disk", move_disk)
      .allowed(rule)
      .privileged()
      .on_node()
      .takes({guest_id(), integer("bwlimit").at_least(0).optional(), flag("delete").optional(),
              text("digest").up_to(40).optional(), text("disk").one_of(all_names),
              text("format").one_of({"raw", "qcow2", "vmdk"}).optional(), storage_id().optional(),
              text("target-digest").up_to(40).optional(),
              text("target-disk").one_of(all_names).optional(),
              guest_id("target-vmid").optional()});
}

}  // namespace pveplan::lab
