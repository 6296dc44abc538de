// Clones of virtual machines.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_access.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_disks.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/api/storage_config.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// For how long a clone waits for the lock of its source.
constexpr Duration kSourcePatience = std::chrono::seconds{1};

/// What a call asks for; a task carries it along.
struct CloneWish {
  int vmid = 0, target = 0;
  bool full = false;
  std::string node;  ///< of the new machine
  std::string name, description, pool, storage, format, snapshot;
  bool has_description = false;
  GuestOptions source;              ///< the section that is copied
  std::vector<std::string> drives;  ///< in the order of the work
  GuestOptions made;                ///< drives that are done

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("vmid", self.vmid);
    archive("target", self.target);
    archive("full", self.full);
    archive("node", self.node);
    archive("name", self.name);
    archive("description", self.description);
    archive("has_description", self.has_description);
    archive("pool", self.pool);
    archive("storage", self.storage);
    archive("format", self.format);
    archive("snapshot", self.snapshot);
    archive("source", self.source);
    archive("drives", self.drives);
    archive("made", self.made);
  }
};

Attempt<void> check_clone_rights(const Call& call, const CloneWish& wish) {
  if (const auto pool = check_pool_exists(call); !pool) return pool;
  if (!wish.storage.empty()) {
    const auto space = require_space(call, wish.storage);
    if (!space) return std::unexpected(space.error());
  }
  return {};
}

Attempt<void> check_target_node(const Call& call, const CloneWish& wish) {
  if (call.world.nodes.contains(wish.node)) return {};
  return fail(fmt::format("no such cluster node '{}'", wish.node));
}

bool is_shared_storage(const World& world, const std::string& storage) {
  const auto found = world.storage.definitions.find(storage);
  if (found == world.storage.definitions.end()) return false;
  return storage_option(found->second, "shared") == "1" ||
         matches(found->second.type, "nfs|cifs|cephfs|rbd|iscsi");
}

/// Clones on another node need storages that both nodes see.
Attempt<void> check_distance(const Call& call, const CloneWish& wish) {
  if (wish.node == call.node) return {};
  if (!wish.storage.empty() && !is_shared_storage(call.world, wish.storage))
    return fail(fmt::format("can't clone to non-shared storage '{}'", wish.storage));
  for (const std::string& name : wish.drives) {
    const auto drive = parse_drive(call.major(), wish.source.at(name));
    const std::string storage = drive ? drive->file.substr(0, drive->file.find(':')) : "";
    if (!is_shared_storage(call.world, storage))
      return fail(fmt::format("can't clone VM to node '{}' (VM uses local storage)", wish.node));
  }
  return {};
}

/// Whether the drive is copied even by a linked clone.
bool is_copied_always(const std::string& name, const Drive& drive) {
  return drive.is_cloud_init() || name == "tpmstate0";
}

Attempt<void> check_drives(const Call& call, const CloneWish& wish) {
  if (wish.full) return {};
  for (const char* parameter : {"storage", "format"}) {
    if (call.parameters.has(parameter))
      return fail(fmt::format("parameter '{}' not allowed for linked clones", parameter));
  }
  for (const std::string& name : wish.drives) {
    const auto drive = parse_drive(call.major(), wish.source.at(name));
    if (!drive || is_copied_always(name, *drive) || can_be_linked(call.world, drive->file))
      continue;
    return fail(
        fmt::format("Linked clone feature is not supported for '{}' ({})", drive->file, name));
  }
  return {};
}

Attempt<CloneWish> read_wish(Call& call) {
  CloneWish wish;
  wish.vmid = static_cast<int>(call.parameters.integer("vmid"));
  wish.target = static_cast<int>(call.parameters.integer("newid"));
  wish.node = call.parameters.maybe("target").value_or(call.node);
  if (wish.node == "localhost") wish.node = call.node;
  wish.name = call.parameters.text("name");
  wish.has_description = call.parameters.has("description");
  wish.description = call.parameters.text("description");
  wish.pool = call.parameters.text("pool");
  wish.storage = call.parameters.text("storage");
  wish.format = call.parameters.text("format");
  wish.snapshot = call.parameters.text("snapname");
  if (const auto rights = check_clone_rights(call, wish); !rights)
    return std::unexpected(rights.error());
  if (const auto node = check_target_node(call, wish); !node) return std::unexpected(node.error());
  return wish;
}

/// The section of the source's config that is copied, and the drives with volumes.
Attempt<void> read_source(Call& call, CloneWish& wish) {
  const auto guest = find_machine_state(call.world, call.node, wish.vmid);
  if (!guest) return std::unexpected(guest.error());
  if (const auto free = check_lock(**guest); !free) return free;
  wish.source = (*guest)->options;
  if (!wish.snapshot.empty()) {
    const auto found = (*guest)->snapshots.find(wish.snapshot);
    if (found == (*guest)->snapshots.end())
      return fail(fmt::format("snapshot '{}' does not exist", wish.snapshot));
    wish.source = found->second.options;
  }
  wish.full = call.parameters.flag("full", !flag_of(wish.source, "template"));
  for (const auto& [name, value] : drives_of(wish.source)) {
    const auto drive = parse_drive(call.major(), value);
    const bool volume = drive && !drive->is_empty() && !drive->file.starts_with("/");
    if (volume && (!drive->is_cdrom() || drive->is_cloud_init())) wish.drives.push_back(name);
  }
  return check_bridge_rights(call, wish.source);
}

Reply clone_machine(Call& call) {
  auto wish = read_wish(call);
  if (!wish) return std::unexpected(wish.error());
  if (const auto source = read_source(call, *wish); !source) return std::unexpected(source.error());
  const auto taken = call.world.guests.find(wish->target);
  const bool here = taken != call.world.guests.end() && taken->second.node == call.node;
  if (here && taken->second.kind == GuestKind::qemu)
    return fail(fmt::format("unable to create VM {}: config file already exists", wish->target));
  if (const auto drives = check_drives(call, *wish); !drives)
    return std::unexpected(drives.error());
  if (const auto near = check_distance(call, *wish); !near) return std::unexpected(near.error());
  return str(start_task(call, "qmclone", std::to_string(wish->vmid), "qemu-clone", to_value(*wish),
                        kCloneBegin));
}

std::string with_new_uuid(World& world, const std::string& smbios) {
  auto keys = parse_property_string(smbios_format(), smbios, "smbios1", {world.release.major})
                  .value_or(std::map<std::string, std::string>{});
  keys["uuid"] = world.random.uuid();
  std::vector<std::string> parts;
  for (const auto& [key, value] : keys) parts.push_back(key + "=" + value);
  return join(parts, ",");
}

/// A new machine's config: what identifies the source is drawn anew.
GuestOptions cloned_options(World& world, const CloneWish& wish) {
  GuestOptions options;
  for (const auto& [name, value] : wish.source) {
    if (is_unused_name(name) || name == "template" || name == "lock") continue;
    options[name] = value;
  }
  const std::string prefix = world.cluster.options.contains("mac_prefix")
                                 ? world.cluster.options.at("mac_prefix")
                                 : "BC:24:11";
  for (auto& [name, value] : options) {
    if (!matches(name, "net[0-9]+")) continue;
    const auto end = value.find(',');
    value = value.substr(0, value.find('=')) + "=" + world.random.mac(prefix) +
            (end == std::string::npos ? "" : value.substr(end));
  }
  options["smbios1"] = with_new_uuid(world, option_of(options, "smbios1"));
  if (options.contains("vmgenid")) options["vmgenid"] = world.random.uuid();
  options["name"] = wish.name.empty()
                        ? "Copy-of-VM-" + option_of(wish.source, "name", std::to_string(wish.vmid))
                        : wish.name;
  if (wish.has_description) options["description"] = wish.description;
  if (option_of(options, "description").empty()) options.erase("description");
  return options;
}

std::string exists_text(const std::string& node, int vmid) {
  return fmt::format(
      "close (rename) atomic file '/etc/pve/nodes/{}/qemu-server/{}.conf' failed: File exists",
      node, vmid);
}

/// The new VMID is taken here, with a config that nobody would recognize.
PhaseResult begin_clone(Work& work, const CloneWish& wish) {
  if (work.world.is_version_9())
    work.log(fmt::format("creating a clone of VM {} with ID {}", wish.vmid, wish.target));
  if (work.world.guests.contains(wish.target))
    return std::unexpected(exists_text(work.task->node, wish.target));
  Guest guest;
  guest.node = work.task->node;
  guest.options = {{"lock", "clone"}, {"description", " qmclone temporary file"}};
  guest.news = GuestNews{work.world.now, false, {}, {}};
  work.world.guests[wish.target] = std::move(guest);
  return later(Duration{});
}

/// How long the next drive takes.
Duration drive_time(const World& world, const CloneWish& wish, const std::string& node) {
  if (wish.made.size() >= wish.drives.size()) return Duration{};
  const std::string& name = wish.drives[wish.made.size()];
  const auto drive = parse_drive(world.release.major, wish.source.at(name));
  if (!drive) return kDiskAllocate;
  const bool copied = wish.full && !drive->is_cloud_init();
  return kDiskAllocate +
         (copied ? copy_duration(bytes_to_copy(world, drive->file, node)) : Duration{});
}

std::expected<std::string, std::string> clone_drive(const DiskPlace& place, const CloneWish& wish,
                                                    const std::string& name) {
  Drive drive = *parse_drive(place.world.release.major, wish.source.at(name));
  const bool copied = wish.full || is_copied_always(name, drive);
  std::expected<Copied, std::string> result;
  if (copied) {
    const std::string storage =
        wish.storage.empty() ? drive.file.substr(0, drive.file.find(':')) : wish.storage;
    place.log(fmt::format("create full clone of drive {} ({})", name, drive.file));
    result = copy_volume(
        place, {name, drive.file, storage, wish.format, drive.is_cloud_init(), name == "efidisk0"});
  } else {
    result = link_volume(place, name, drive.file);
  }
  if (!result) return std::unexpected(result.error());
  drive.file = result->volid;
  drive.keys["size"] = std::to_string(result->size);
  return print_drive(drive);
}

void drop_clone(World& world, const std::string& node, const CloneWish& wish) {
  const DiskPlace place{world, node, wish.target, {}, [](const std::string&) {}};
  for (const auto& [name, value] : wish.made) {
    if (const auto drive = parse_drive(world.release.major, value)) free_owned(place, drive->file);
  }
  world.guests.erase(wish.target);
}

/// One drive a phase, so that the lab can stop in between.
PhaseResult continue_clone(Work& work, CloneWish wish) {
  World& world = work.world;
  if (!world.guests.contains(wish.target))
    return std::unexpected(fmt::format("unable to find configuration file for VM {} on node '{}'",
                                       wish.target, work.task->node));
  Guest& target = world.guests.at(wish.target);
  if (wish.made.size() < wish.drives.size()) {
    const std::string name = wish.drives[wish.made.size()];
    const DiskPlace place{world, work.task->node, wish.target, {}, [&](std::string line) {
                            work.log(std::move(line));
                          }};
    const auto drive = clone_drive(place, wish, name);
    if (!drive) {
      drop_clone(world, work.task->node, wish);
      return std::unexpected("clone failed: " + drive.error());
    }
    const auto source = world.guests.find(wish.vmid);
    if (source != world.guests.end() && source->second.running() && wish.snapshot.empty())
      log_mirror(place, name, true);
    wish.made[name] = *drive;
    if (wish.made.size() == 1) {
      target.options = cloned_options(world, wish);
      target.options["lock"] = "clone";
    }
    target.options[name] = *drive;
  }
  if (wish.made.size() < wish.drives.size())
    return later(drive_time(world, wish, work.task->node), to_value(wish));
  if (wish.drives.empty()) target.options = cloned_options(world, wish);
  note_change(world, target);
  target.options.erase("lock");
  target.node = wish.node;
  if (!wish.pool.empty()) join_pool(world, wish.pool, wish.target);
  return done();
}

}  // namespace

PhaseResult clone_machine_work(Work& work) {
  CloneWish wish;
  from_value(work.event.arguments, wish);
  const auto source = find_machine(work.world, work.task->node, wish.vmid);
  if (!source) return std::unexpected(task_text(source.error()));
  if (work.event.phase > 0) return continue_clone(work, std::move(wish));
  const bool shared = !(*source)->running();
  if (auto wait = await_file_lock(work, **source, {wish.vmid, shared, kSourcePatience}))
    return *wait;
  if (const auto free = check_lock(**source); !free)
    return std::unexpected(task_text(free.error()));
  auto begun = begin_clone(work, wish);
  if (begun && begun->after) begun->after = drive_time(work.world, wish, work.task->node);
  return begun;
}

void drop_new_clone(World& world, const Event& event) {
  CloneWish wish;
  from_value(event.arguments, wish);
  const auto found = world.guests.find(wish.target);
  const auto task = world.tasks.by_upid.find(event.upid);
  const bool ours = event.phase > 0 && found != world.guests.end() &&
                    option_of(found->second.options, "lock") == "clone";
  if (ours && task != world.tasks.by_upid.end()) drop_clone(world, task->second.node, wish);
}

void add_qemu_clone_calls(ApiTable& api) {
  Permission by_pool = needs("/pool/{pool}", {"VM.Allocate"});
  by_pool.require = "pool";
  api.post("/nodes/{node}/qemu/{vmid}/clone", clone_machine)
      .allowed(all_of({needs("/vms/{vmid}", {"VM.Clone"}),
                       any_of({needs("/vms/{newid}", {"VM.Allocate"}), by_pool})}))
      .privileged()
      .on_node()
      .takes({guest_id(), integer("bwlimit").at_least(0).optional(), text("description").optional(),
              text("format").one_of({"raw", "qcow2", "vmdk"}).optional(), flag("full").optional(),
              text("name").of_format("dns-name").optional(), guest_id("newid"),
              text("pool").of_format("pve-poolid").optional(),
              text("snapname").of_format("pve-configid").up_to(40).optional(),
              storage_id().optional(), node_name("target").optional()});
}

}  // namespace pveplan::lab
