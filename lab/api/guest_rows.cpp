#include "lab/api/guest_rows.hpp"

#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_drive.hpp"
#include "lab/api/resources.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

using schema::Value;

constexpr std::int64_t kMebibyte = 1024 * 1024;
constexpr const char* kPressures[] = {"pressurecpusome",    "pressurecpufull",
                                      "pressureiosome",     "pressureiofull",
                                      "pressurememorysome", "pressurememoryfull"};

/// What the cluster knows of a guest at the moment.
struct KnownState {
  bool known = true;
  const GuestOptions* options = nullptr;
  std::optional<Time> started;
  std::string status;
};

KnownState known_state(const World& world, const Guest& guest) {
  if (guest.news && !is_broadcast(world, guest.news->changed))
    return {guest.news->known, &guest.news->options, guest.news->started,
            guest.news->started ? "running" : "stopped"};
  if (!guest.process) return {true, &guest.options, std::nullopt, "stopped"};
  return {true, &guest.options, guest.process->started, guest.process->state};
}

void append_pool(const World& world, int vmid, Value::Fields& fields) {
  for (const auto& [id, pool] : world.access.pools) {
    if (pool.guests.contains(vmid)) fields.emplace_back("pool", str(id));
  }
}

std::int64_t uptime_since(const World& world, Time started) {
  return unix_seconds(world.now) - unix_seconds(started);
}

std::string shown_name(int vmid, const Guest& guest, const GuestOptions& options) {
  if (guest.kind == GuestKind::qemu) return name_of(vmid, options);
  return option_of(options, "hostname", fmt::format("CT{}", vmid));
}

void add_counters(const World& world, const KnownState& state, Value::Fields& fields) {
  for (const char* name : {"cpu", "mem", "disk", "netin", "netout", "diskread", "diskwrite"})
    fields.emplace_back(name, num(0));
  fields.emplace_back("uptime", num(state.started ? uptime_since(world, *state.started) : 0));
  if (world.is_version_9()) fields.emplace_back("memhost", num(0));
}

bool has_serial_port(const GuestOptions& options) {
  return std::ranges::any_of(
      options, [](const auto& option) { return matches(option.first, "serial[0-3]"); });
}

void add_process(const World& world, const Guest& guest, Value::Fields& fields) {
  fields.emplace_back("pid", num(guest.process->pid));
  if (!world.is_version_9()) return;
  for (const char* name : kPressures) fields.emplace_back(name, num(0));
}

Value nic_counters(int vmid, const GuestOptions& options) {
  Value::Fields nics;
  for (const auto& [name, value] : options) {
    if (!matches(name, "net[0-9]+")) continue;
    nics.emplace_back(fmt::format("tap{}i{}", vmid, name.substr(3)),
                      Value::map({{"netin", num(0)}, {"netout", num(0)}}));
  }
  return nics.empty() ? Value{} : Value::map(std::move(nics));
}

}  // namespace

bool is_broadcast(const World& world, Time changed) {
  constexpr std::int64_t kRound = 10;
  return unix_seconds(world.now) / kRound > unix_seconds(changed) / kRound;
}

int shown_cpus(const World& world, const Guest& guest, const GuestOptions& options) {
  std::int64_t cpus = number_of(options, "cores", 1);
  if (guest.kind == GuestKind::qemu) cpus *= number_of(options, "sockets", 1);
  const auto node = world.nodes.find(guest.node);
  if (node != world.nodes.end()) cpus = std::min<std::int64_t>(cpus, node->second.hardware.cpus);
  return static_cast<int>(number_of(options, "vcpus", cpus));
}

std::int64_t boot_disk_size(const World& world, const Guest& guest, const GuestOptions& options) {
  const int major = world.release.major;
  std::vector<std::string> names = boot_order(options);
  if (guest.kind == GuestKind::lxc) names = {"rootfs"};
  for (const std::string& name : names) {
    const auto drive = parse_drive(major, option_of(options, name));
    if (!options.contains(name) || !drive || drive->is_cdrom()) continue;
    return size_bytes(drive->key("size")).value_or(0);
  }
  return 0;
}

Value guest_resource(const World& world, int vmid, const Guest& guest) {
  const std::string type = enum_names(guest.kind).at(guest.kind);
  const KnownState state = known_state(world, guest);
  Value::Fields fields{{"id", str(fmt::format("{}/{}", type, vmid))},
                       {"type", str(type)},
                       {"vmid", num(vmid)},
                       {"node", str(guest.node)}};
  if (!state.known) {
    fields.emplace_back("status", str("unknown"));
  } else {
    const GuestOptions& options = *state.options;
    fields.emplace_back("status", str(state.status));
    fields.emplace_back("name", str(shown_name(vmid, guest, options)));
    fields.emplace_back("template", bit(flag_of(options, "template")));
    fields.emplace_back("maxcpu", num(shown_cpus(world, guest, options)));
    fields.emplace_back("maxmem", num(memory_of(options) * kMebibyte));
    fields.emplace_back("maxdisk", num(boot_disk_size(world, guest, options)));
    add_counters(world, state, fields);
  }
  for (const char* name : {"tags", "lock"}) {
    if (guest.options.contains(name)) fields.emplace_back(name, str(guest.options.at(name)));
  }
  append_pool(world, vmid, fields);
  return Value::map(std::move(fields));
}

Value::Fields machine_status(const World& world, int vmid, const Guest& guest, bool full) {
  const GuestOptions& options = guest.options;
  const bool running = guest.running();
  Value::Fields fields{{"vmid", num(vmid)},
                       {"name", str(name_of(vmid, options))},
                       {"status", str(running ? "running" : "stopped")},
                       {"cpus", num(shown_cpus(world, guest, options))},
                       {"cpu", num(0)},
                       {"mem", num(0)},
                       {"maxmem", num(memory_of(options) * kMebibyte)},
                       {"disk", num(0)},
                       {"maxdisk", num(boot_disk_size(world, guest, options))},
                       {"netin", num(0)},
                       {"netout", num(0)},
                       {"uptime", num(running ? uptime_since(world, guest.process->started) : 0)}};
  if (world.is_version_9()) fields.emplace_back("memhost", num(0));
  if (const auto balloon = number_of(options, "balloon", 0); balloon != 0) {
    fields.emplace_back("balloon_min", num(balloon * kMebibyte));
    fields.emplace_back("shares", num(number_of(options, "shares", 1000)));
  }
  if (has_serial_port(options)) fields.emplace_back("serial", num(1));
  if (flag_of(options, "template")) fields.emplace_back("template", num(1));
  for (const char* name : {"tags", "lock"}) {
    if (options.contains(name)) fields.emplace_back(name, str(options.at(name)));
  }
  if (running) add_process(world, guest, fields);
  if (full) fields.emplace_back("qmpstatus", str(running ? guest.process->state : "stopped"));
  if (!full || !running) return fields;
  if (Value nics = nic_counters(vmid, options); !nics.is_null())
    fields.emplace_back("nics", std::move(nics));
  return fields;
}

}  // namespace pveplan::lab
