#include "lab/world/recorded_guests.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

constexpr std::int64_t kDiskSize = 1024LL * 1024 * 1024;

Guest& add_machine(World& world, int vmid, GuestOptions options) {
  Guest guest;
  guest.node = world.first_node();
  guest.options = std::move(options);
  guest.options.try_emplace("boot", "");
  guest.options["memory"] = "64";
  guest.options["kvm"] = "0";
  guest.options["meta"] =
      fmt::format("creation-qemu={},ctime={}", world.is_version_9() ? "11.0.0" : "9.2.0",
                  unix_seconds(world.now));
  guest.options["smbios1"] = "uuid=" + world.random.uuid();
  guest.options["vmgenid"] = world.random.uuid();
  return world.guests[vmid] = std::move(guest);
}

void add_machine_with_disk(World& world, int vmid, const std::string& format) {
  const std::string name = fmt::format("{0}/vm-{0}-disk-0.{1}", vmid, format);
  Volume volume;
  volume.content = "images";
  volume.format = format;
  volume.size = kDiskSize;
  volume.guest = vmid;
  volume.created = unix_seconds(world.now);
  world.storage.volumes["local"][world.first_node()][name] = volume;
  add_machine(world, vmid,
              {{"boot", "order=scsi0"}, {"scsi0", fmt::format("local:{},size=1G", name)}});
}

void run(World& world, Guest& guest, const std::string& state) {
  GuestProcess process;
  process.started = world.now;
  process.pid = world.tasks.next_pid++;
  process.state = state;
  process.options = guest.options;
  guest.process = std::move(process);
}

}  // namespace

void add_recorded_guests(World& world, std::string_view recording) {
  if (recording == "m5-ha") add_machine(world, 401, {});
  if (recording == "m5-firewall") add_machine(world, 402, {});
  if (recording == "m6-ha-rules") {
    for (const int vmid : {411, 412, 413}) add_machine(world, vmid, {});
  }
  if (recording == "m6-privileges")
    run(world, add_machine(world, 420, {{"name", "agentvm9"}, {"agent", "1"}}), "paused");
  if (recording != "m6-options-snapshots") return;
  add_machine(world, 440, {{"name", "agentvm6"}, {"agent", "1"}});
  add_machine_with_disk(world, 441, "qcow2");
  add_machine_with_disk(world, 442, "raw");
  for (const int vmid : {446, 447}) add_machine(world, vmid, {});
}

}  // namespace pveplan::lab
