// Making virtual machines.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_access.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_disks.hpp"
#include "lab/api/qemu_parameters.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

std::vector<std::string> names_of(const GuestOptions& options) {
  std::vector<std::string> names;
  for (const auto& [name, value] : options) names.push_back(name);
  return names;
}

/// What only calls for a restore may bring.
Attempt<void> refuse_restore(const Call& call) {
  const auto archive = call.parameters.maybe("archive");
  if (!archive) return {};
  return fail(fmt::format("volume '{}' does not exist", *archive));
}

Attempt<void> may_create(const Call& call, int vmid) {
  if (const auto pool = check_pool_exists(call); !pool) return pool;
  const std::string pool = call.parameters.text("pool");
  const bool allowed = call.may(fmt::format("/vms/{}", vmid), "VM.Allocate") ||
                       (!pool.empty() && call.may("/pool/" + pool, "VM.Allocate"));
  if (!allowed) return denied();
  if (call.major() >= 9 && call.parameters.flag("start")) {
    if (const auto power = require_on_guest(call, vmid, pool, "VM.PowerMgmt"); !power) return power;
  }
  if (!call.parameters.flag("ha-managed")) return {};
  return require_privilege(call.world, call.caller.who, "/", "Sys.Console");
}

Attempt<void> check_options(const Call& call, int vmid, const GuestOptions& options) {
  const std::string pool = call.parameters.text("pool");
  if (const auto storages =
          check_storage_rights(call, vmid, options, call.parameters.text("storage"));
      !storages)
    return storages;
  if (const auto rights = check_option_rights(call, vmid, pool, names_of(options)); !rights)
    return rights;
  if (const auto devices = check_device_rights(call, vmid, options); !devices) return devices;
  if (const auto bridges = check_bridge_rights(call, options); !bridges) return bridges;
  for (const auto& [name, value] : options) {
    const auto drive = is_drive_name(name) ? parse_drive(call.major(), value) : std::nullopt;
    if (!drive) continue;
    if (const auto rules = check_drive_rules(call, name, *drive); !rules) return rules;
  }
  return {};
}

Attempt<void> claim(Call& call, int vmid) {
  if (const auto taken = call.world.guests.find(vmid); taken != call.world.guests.end()) {
    const char* kind = taken->second.kind == GuestKind::qemu ? "VM" : "CT";
    return fail(fmt::format("unable to create VM {0} - {1} {0} already exists on node '{2}'", vmid,
                            kind, taken->second.node));
  }
  Guest guest;
  guest.node = call.node;
  guest.options["lock"] = "create";
  guest.news = GuestNews{call.world.now, false, {}, {}};
  call.world.guests[vmid] = std::move(guest);
  return {};
}

Duration creation_time(const Call& call, const GuestOptions& options) {
  Duration time = kMachineCreate;
  for (const auto& [name, value] : drives_of(options)) {
    time += kDiskAllocate;
    const auto drive = parse_drive(call.major(), value);
    const std::string source = drive ? drive->key("import-from") : std::string{};
    if (!source.empty()) time += copy_duration(bytes_to_copy(call.world, source, call.node));
  }
  return time;
}

Reply create_machine(Call& call) {
  const int vmid = static_cast<int>(call.parameters.integer("vmid"));
  if (const auto keys = check_ssh_keys(call.parameters.text("sshkeys")); !keys)
    return std::unexpected(keys.error());
  if (const auto allowed = may_create(call, vmid); !allowed)
    return std::unexpected(allowed.error());
  if (const auto restore = refuse_restore(call); !restore) return std::unexpected(restore.error());
  const GuestOptions given = given_options(call);
  if (const auto good = check_options(call, vmid, given); !good)
    return std::unexpected(good.error());
  const auto options = prepared_options(call, given, true);
  if (!options) return std::unexpected(options.error());
  if (const auto claimed = claim(call, vmid); !claimed) return std::unexpected(claimed.error());
  Value arguments = Value::map({{"vmid", num(vmid)},
                                {"options", to_value(*options)},
                                {"storage", str(call.parameters.text("storage"))},
                                {"pool", str(call.parameters.text("pool"))},
                                {"start", num(call.parameters.flag("start") ? 1 : 0)},
                                {"ha", num(call.parameters.flag("ha-managed") ? 1 : 0)}});
  return str(start_guest_task(call, {"qmcreate", std::to_string(vmid), "qemu-create", vmid,
                                     std::move(arguments), creation_time(call, *options)}));
}

/// What a new machine gets that nobody asked for.
void add_defaults(World& world, GuestOptions& options) {
  const int major = world.release.major;
  if (option_of(options, "boot").empty())
    options["boot"] = boot_text(default_boot_devices(major, options));
  if (option_of(options, "smbios1").empty()) options["smbios1"] = "uuid=" + world.random.uuid();
  if (!options.contains("vmgenid")) options["vmgenid"] = world.random.uuid();
  options["meta"] = fmt::format("creation-qemu={},ctime={}", major >= 9 ? "11.0.0" : "9.2.0",
                                unix_seconds(world.now));
}

/// The first phase makes everything, the second one only waits for a start.
PhaseResult fill_new_machine(Work& work, int vmid) {
  World& world = work.world;
  GuestOptions options;
  from_value(*work.event.arguments.find("options"), options);
  GuestOptions drives;
  for (const auto& [name, value] : drives_of(options)) drives[name] = value;
  std::vector<std::string> made;
  const DiskPlace place{world, work.task->node, vmid, argument(work, "storage"),
                        [&](std::string line) { work.log(std::move(line)); }};
  const auto disks = make_disks(place, drives, made);
  if (!disks) {
    for (const std::string& volid : made) free_owned(place, volid);
    world.guests.erase(vmid);
    return std::unexpected(fmt::format("unable to create VM {} - {}", vmid, disks.error()));
  }
  for (const auto& [name, value] : *disks) options[name] = value;
  add_defaults(world, options);
  world.guests.at(vmid).options = std::move(options);
  if (const std::string pool = argument(work, "pool"); !pool.empty()) join_pool(world, pool, vmid);
  if (argument(work, "ha") == "1") work.log("Add as HA resource");
  if (argument(work, "start") != "1") return done();
  work.log("Execute autostart");
  Guest& guest = world.guests.at(vmid);
  guest.file_locks.clear();
  start_guest_task(world, {work.task->node, work.task->user},
                   {"qmstart", std::to_string(vmid), "qemu-start", vmid,
                    Value::map({{"vmid", num(vmid)}}), kMachineStart});
  return later(kMachineStart);
}

}  // namespace

PhaseResult create_machine_work(Work& work) {
  if (work.event.phase > 0) return done();
  return fill_new_machine(work, vmid_argument(work.event.arguments));
}

void drop_new_machine(World& world, const Event& event) {
  const auto found = world.guests.find(vmid_argument(event.arguments));
  const bool unfinished =
      found != world.guests.end() && option_of(found->second.options, "lock") == "create";
  if (unfinished) world.guests.erase(found);
}

void add_qemu_create_calls(ApiTable& api) {
  api.post("/nodes/{node}/qemu", create_machine)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes(qemu_options(api.major()))
      .takes({guest_id(), text("archive").up_to(255).optional(),
              integer("bwlimit").at_least(0).optional(), flag("force").with("archive").optional(),
              flag("ha-managed").optional().only_in(9),
              text("import-working-storage").of_format("pve-storage-id").optional(),
              flag("live-restore").optional(), text("pool").of_format("pve-poolid").optional(),
              flag("start").optional(), storage_id().optional(),
              flag("unique").with("archive").optional()});
}

}  // namespace pveplan::lab
