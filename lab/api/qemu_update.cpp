// Changing the config of virtual machines, at once or as a task.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_access.hpp"
#include "lab/api/qemu_apply.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_parameters.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

using schema::Value;

/// What a call wants to be different.
struct Update {
  int vmid = 0;
  GuestOptions set;
  std::vector<std::string> drop, revert;
  bool force = false;
  std::string digest;
  std::string shown;  ///< for the log, as sent

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("vmid", self.vmid);
    archive("set", self.set);
    archive("drop", self.drop);
    archive("revert", self.revert);
    archive("force", self.force);
    archive("digest", self.digest);
    archive("shown", self.shown);
  }
};

/// The parameters as the task's log repeats them.
std::string shown_arguments(const Call& call, GuestOptions options) {
  for (const char* name : {"delete", "revert", "force", "skiplock"}) {
    if (call.parameters.has(name)) options[name] = call.parameters.text(name);
  }
  std::vector<std::string> words;
  for (const auto& [name, value] : options) {
    words.push_back("-" + name);
    words.push_back(name == "cipassword" ? "<hidden>" : value);
  }
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Attempt<void> check_names(const Call& call, const Update& update) {
  const auto clash = [](const std::string& name, const char* with) {
    return bad_parameter(
        "delete", fmt::format("you can't use '-{0}' and -{1} {0}' at the same time", name, with));
  };
  for (const std::string& name : update.revert) {
    if (find_qemu_option(call.major(), name) == nullptr)
      return bad_parameter("revert", fmt::format("unknown option '{}'", name));
    if (update.set.contains(name)) return clash(name, "revert");
  }
  for (const std::string& name : update.drop) {
    if (update.set.contains(name)) return clash(name, "delete");
    if (is_in(update.revert, name)) {
      return bad_parameter(
          "delete",
          fmt::format("you can't use '-delete {0}' and '-revert {0}' at the same time", name));
    }
    if (find_qemu_option(call.major(), name) == nullptr)
      return bad_parameter("delete", fmt::format("unknown option '{}'", name));
  }
  return {};
}

Attempt<Update> read_update(Call& call) {
  Update update;
  update.vmid = static_cast<int>(call.parameters.integer("vmid"));
  update.set = given_options(call);
  update.drop = call.parameters.list("delete");
  for (std::string& name : update.drop) {
    if (name == "cdrom") name = "ide2";
  }
  update.revert = call.parameters.list("revert");
  update.force = call.parameters.flag("force");
  update.digest = call.parameters.text("digest");
  update.shown = shown_arguments(call, update.set);
  if (update.set.empty() && update.drop.empty() && update.revert.empty())
    return fail("no options specified");
  if (const auto names = check_names(call, update); !names) return std::unexpected(names.error());
  return update;
}

/// Deleting a device needs what setting it needs.
Attempt<void> check_dropped_devices(const Call& call, const Update& update) {
  const auto found = call.world.guests.find(update.vmid);
  if (found == call.world.guests.end()) return {};
  GuestOptions devices;
  for (const std::string& name : update.drop) {
    if (const std::string value = option_of(found->second.options, name); !value.empty())
      devices[name] = value;
  }
  return check_device_rights(call, update.vmid, devices);
}

Attempt<void> check_update_rights(const Call& call, const Update& update) {
  std::vector<std::string> names;
  for (const auto& [name, value] : update.set) names.push_back(name);
  names.insert(names.end(), update.drop.begin(), update.drop.end());
  names.insert(names.end(), update.revert.begin(), update.revert.end());
  if (const auto rights = check_option_rights(call, update.vmid, {}, names); !rights) return rights;
  if (const auto devices = check_device_rights(call, update.vmid, update.set); !devices)
    return devices;
  if (const auto devices = check_dropped_devices(call, update); !devices) return devices;
  for (const auto& [name, value] : update.set) {
    const auto drive = is_drive_name(name) ? parse_drive(call.major(), value) : std::nullopt;
    if (!drive) continue;
    if (const auto rules = check_drive_rules(call, name, *drive); !rules) return rules;
  }
  if (const auto storages = check_storage_rights(call, update.vmid, update.set, {}); !storages)
    return storages;
  return check_bridge_rights(call, update.set);
}

Attempt<void> check_memory(const Guest& guest, const Update& update) {
  if (!update.set.contains("memory") && !update.set.contains("balloon")) return {};
  GuestOptions next = guest.options;
  for (const auto& [name, value] : update.set) next[name] = value;
  if (number_of(next, "balloon", 0) <= memory_of(next)) return {};
  return fail("balloon value too large (must be smaller than assigned memory)");
}

/// Checks that need the config, before anything is written.
Attempt<void> check_against(const Guest& guest, const Update& update, bool skiplock) {
  if (const auto same = check_digest(guest, update.digest); !same) return same;
  if (!skiplock) {
    if (const auto free = check_lock(guest); !free) return free;
  }
  return check_memory(guest, update);
}

/// The change itself: pending first, then applied as far as it goes.
class Updater {
 public:
  Updater(const DiskPlace& place, Guest& guest, const Update& update)
      : place_(place), guest_(guest), update_(update), order_(boot_order(guest.options)) {}

  Attempt<void> run() {
    note_change(place_.world, guest_);
    revert();
    for (const std::string& name : update_.drop) {
      if (const auto dropped = drop(name); !dropped) return dropped;
    }
    for (const auto& [name, value] : update_.set) {
      if (const auto written = write(name, value); !written) return written;
    }
    forget_idle_pending(guest_);
    if (!guest_.running()) {
      apply_pending(place_, guest_);
      return {};
    }
    const auto errors = hotplug_pending(place_, guest_, touched_);
    if (errors.empty()) return {};
    return bad_parameters(errors);
  }

 private:
  int major() const { return place_.world.release.major; }

  void revert() {
    for (const std::string& name : update_.revert) {
      guest_.pending_deletes.erase(name);
      if (const auto value = guest_.pending.extract(name))
        forget_pending_drive(name, value.mapped());
    }
  }

  void forget_pending_drive(const std::string& name, const std::string& value) {
    const auto drive = is_drive_name(name) ? parse_drive(major(), value) : std::nullopt;
    if (drive && !drive->is_cdrom()) keep_unused(place_.world, place_.vmid, guest_, *drive);
  }

  void set_boot_order() {
    guest_.pending["boot"] = boot_text(order_);
    guest_.pending_deletes.erase("boot");
    touched_.insert("boot");
  }

  Attempt<void> drop(const std::string& name) {
    const bool current = guest_.options.contains(name);
    const auto pending = guest_.pending.extract(name);
    if (!current && !pending) {
      place_.log(fmt::format("cannot delete '{}' - not set in current configuration!", name));
      return {};
    }
    touched_.insert(name);
    if (std::erase(order_, name) > 0) set_boot_order();
    if (is_unused_name(name)) return drop_unused(name);
    if (is_drive_name(name)) {
      const auto allowed =
          check_protection(guest_.options, fmt::format("can't remove drive '{}'", name));
      if (!allowed) return allowed;
      if (pending) forget_pending_drive(name, pending.mapped());
    }
    guest_.pending_deletes[name] = update_.force;
    return {};
  }

  Attempt<void> drop_unused(const std::string& name) {
    const std::string volid = option_of(guest_.options, name);
    const auto allowed =
        check_protection(guest_.options, fmt::format("can't remove unused disk '{}'", volid));
    if (!allowed) return allowed;
    for (const auto& [id, snapshot] : guest_.snapshots) {
      for (const auto& [key, value] : drives_of(snapshot.options)) {
        if (value.starts_with(volid + ",") || value == volid) {
          return fail(
              fmt::format("unable to delete '{}' - volume is still in use (snapshot?)", volid));
        }
      }
    }
    free_owned(place_, volid);
    guest_.options.erase(name);
    return {};
  }

  Attempt<void> write(const std::string& name, const std::string& value) {
    touched_.insert(name);
    std::string stored = value;
    if (is_drive_name(name)) {
      const auto made = write_drive(name, value);
      if (!made) return std::unexpected(made.error());
      stored = *made;
    }
    if (name == "boot") {
      if (const auto good = check_boot(value); !good) return good;
    }
    if (name == "machine" && value.find("aw-bits=") != std::string::npos &&
        value.find("viommu=") == std::string::npos)
      return fail("cannot set aw-bits if no vIOMMU is configured");
    guest_.pending[name] = stored;
    guest_.pending_deletes.erase(name);
    return {};
  }

  Attempt<std::string> write_drive(const std::string& name, const std::string& value) {
    if (!order_.empty() && is_boot_cdrom(major(), value) && !is_in(order_, name)) {
      order_.push_back(name);
      set_boot_order();
    }
    if (const auto old = guest_.pending.extract(name)) forget_pending_drive(name, old.mapped());
    std::vector<std::string> made;
    const auto disks = make_disks(place_, {{name, value}}, made);
    if (disks) return disks->at(name);
    for (const std::string& volid : made) free_owned(place_, volid);
    return fail(disks.error());
  }

  Attempt<void> check_boot(const std::string& value) {
    GuestOptions asked{{"boot", value}};
    for (const std::string& device : boot_order(asked)) {
      const bool there = guest_.options.contains(device) || guest_.pending.contains(device) ||
                         update_.set.contains(device);
      if (!there || is_in(update_.drop, device))
        return fail(fmt::format("invalid bootorder: device '{}' does not exist'", device));
    }
    order_ = boot_order(asked);
    if (!order_.empty() && guest_.options.contains("bootdisk"))
      guest_.pending_deletes["bootdisk"] = false;
    return {};
  }

  const DiskPlace& place_;
  Guest& guest_;
  const Update& update_;
  std::vector<std::string> order_;
  std::set<std::string> touched_;
};

/// Everything that a call of either kind checks in the request.
Attempt<Update> admitted_update(Call& call) {
  if (const auto skip = check_skiplock(call); !skip) return std::unexpected(skip.error());
  auto update = read_update(call);
  if (!update) return update;
  if (const auto rights = check_update_rights(call, *update); !rights)
    return std::unexpected(rights.error());
  if (const auto keys = check_ssh_keys(option_of(update->set, "sshkeys")); !keys)
    return std::unexpected(keys.error());
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  auto prepared = prepared_options(call, update->set, false);
  if (!prepared) return std::unexpected(prepared.error());
  update->set = std::move(*prepared);
  if (const auto good = check_against(**guest, *update, call.parameters.flag("skiplock")); !good)
    return std::unexpected(good.error());
  return update;
}

Attempt<void> run_update(World& world, const std::string& node, const Update& update,
                         const LogSink& log) {
  const auto guest = find_machine(world, node, update.vmid);
  if (!guest) return std::unexpected(guest.error());
  const DiskPlace place{world, node, update.vmid, {}, log};
  return Updater(place, **guest, update).run();
}

Reply update_now(Call& call) {
  const auto update = admitted_update(call);
  if (!update) return std::unexpected(update.error());
  const auto guest = find_machine(call);
  if (const auto free = await_file_lock(call, update->vmid, **guest); !free)
    return std::unexpected(free.error());
  const auto done = run_update(call.world, call.node, *update, [](const std::string&) {});
  if (!done) return std::unexpected(done.error());
  return Payload{};
}

/// With `background_delay` the call waits for its task, which nothing keeps from ending in time.
Reply update_in_background(Call& call, const Update& update, const std::string& upid) {
  WorldTask& task = call.world.tasks.by_upid.at(upid);
  task.log.push_back(fmt::format("update VM {}: {}", update.vmid, update.shown));
  std::erase_if(call.world.tasks.events, [&](const Event& event) { return event.upid == upid; });
  const auto done = run_update(call.world, call.node, update,
                               [&](std::string line) { task.log.push_back(std::move(line)); });
  call.delay = std::max(call.delay, kMachineConfig);
  finish_task(call.world, upid, done ? "OK" : task_text(done.error()));
  if (done) return Payload{};
  return fail(fmt::format("failed to update VM {}: {}", update.vmid, task_text(done.error())));
}

Reply update_later(Call& call) {
  const auto update = admitted_update(call);
  if (!update) return std::unexpected(update.error());
  const std::string upid =
      start_guest_task(call, {"qmconfig", std::to_string(update->vmid), "qemu-config", update->vmid,
                              to_value(*update), kMachineConfig});
  if (call.parameters.has("background_delay")) return update_in_background(call, *update, upid);
  return str(upid);
}

Reply unlink_drives(Call& call) {
  call.parameters.set("delete", str(call.parameters.text("idlist")));
  call.parameters.drop("idlist");
  return update_now(call);
}

}  // namespace

PhaseResult config_machine_work(Work& work) {
  Update update;
  from_value(work.event.arguments, update);
  const auto guest = find_machine(work.world, work.task->node, update.vmid);
  if (!guest) return std::unexpected(task_text(guest.error()));
  const bool waited = work.event.arguments.find("waits_since") != nullptr;
  if (auto wait = await_file_lock(work, **guest, {update.vmid, false, kFileLockPatience})) {
    if (!waited) work.log("trying to acquire lock...");
    return *wait;
  }
  if (waited) work.log(" OK");
  work.log(fmt::format("update VM {}: {}", update.vmid, update.shown));
  if (const auto same = check_against(**guest, update, false); !same)
    return std::unexpected(task_text(same.error()));
  const auto done_well = run_update(work.world, work.task->node, update,
                                    [&](std::string line) { work.log(std::move(line)); });
  if (!done_well) return std::unexpected(task_text(done_well.error()));
  return done();
}

void add_qemu_update_calls(ApiTable& api) {
  const auto rights =
      needs_any("/vms/{vmid}", {"VM.Config.Disk", "VM.Config.CDROM", "VM.Config.CPU",
                                "VM.Config.Memory", "VM.Config.Network", "VM.Config.HWType",
                                "VM.Config.Options", "VM.Config.Cloudinit"});
  const auto common = [] {
    return std::vector{guest_id(),
                       text("delete").of_format("pve-configid-list").optional(),
                       text("digest").up_to(40).optional(),
                       flag("force").with("delete").optional(),
                       text("revert").of_format("pve-configid-list").optional(),
                       flag("skiplock").optional()};
  };
  api.put("/nodes/{node}/qemu/{vmid}/config", update_now)
      .allowed(rights)
      .privileged()
      .on_node()
      .takes(qemu_options(api.major()))
      .takes(common());
  api.post("/nodes/{node}/qemu/{vmid}/config", update_later)
      .allowed(rights)
      .privileged()
      .on_node()
      .takes(qemu_options(api.major()))
      .takes(common())
      .takes({integer("background_delay").between(1, 30).optional(),
              text("import-working-storage").of_format("pve-storage-id").optional()});
  api.put("/nodes/{node}/qemu/{vmid}/unlink", unlink_drives)
      .allowed(needs("/vms/{vmid}", {"VM.Config.Disk"}))
      .privileged()
      .on_node()
      .takes({guest_id(), flag("force").optional(), text("idlist").of_format("pve-configid-list")});
}

}  // namespace pveplan::lab
