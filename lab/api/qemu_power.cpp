// Starting, stopping and pausing of virtual machines.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_access.hpp"
#include "lab/api/qemu_apply.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/api/qemu_work.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

int vmid_of(const Call& call) { return static_cast<int>(call.parameters.integer("vmid")); }

Value with_vmid(int vmid) { return Value::map({{"vmid", num(vmid)}}); }

Reply start_power_task(Call& call, const char* type, const char* kind, Value arguments,
                       Duration duration) {
  if (const auto skip = check_skiplock(call); !skip) return std::unexpected(skip.error());
  const int vmid = vmid_of(call);
  return str(start_guest_task(
      call, {type, std::to_string(vmid), kind, vmid, std::move(arguments), duration}));
}

Duration timeout_of(const Call& call) {
  const auto seconds = call.parameters.integer("timeout", 0);
  return call.parameters.has("timeout") ? Duration{std::chrono::seconds{seconds}}
                                        : kShutdownTimeout;
}

/// The machine of a call that needs it to run.
Attempt<Guest*> running_machine(Call& call) {
  auto guest = find_machine_state(call.world, call.node, vmid_of(call));
  if (!guest || (*guest)->running()) return guest;
  return fail(fmt::format("VM {} not running", vmid_of(call)));
}

Reply start_machine(Call& call) {
  return start_power_task(call, "qmstart", "qemu-start", with_vmid(vmid_of(call)), kMachineStart);
}

Reply stop_machine(Call& call) {
  const auto guest = find_machine(call);
  const bool runs = guest && (*guest)->running();
  if (call.parameters.flag("overrule-shutdown") && guest) {
    for (const FileLock& lock : std::vector((*guest)->file_locks)) {
      const auto task = call.world.tasks.by_upid.find(lock.task);
      if (task == call.world.tasks.by_upid.end() || !task->second.running()) continue;
      if (task->second.type == "qmshutdown")
        abort_task(call.world, lock.task, "received interrupt");
    }
  }
  return start_power_task(call, "qmstop", "qemu-stop", with_vmid(vmid_of(call)),
                          runs ? kMachineStop : kMachineReset);
}

/// How long a machine takes to go down, or what it costs to find out that it does not.
Duration shutdown_time(const Call& call, const Guest& guest, Duration patience) {
  if (!guest.running()) return kMachineReset;
  const bool answers = call.world.systems.answer_in(option_of(guest.options, "name"));
  return answers ? std::min(kSystemShutdown, patience) : patience;
}

Value shutdown_arguments(const Call& call, const Guest* guest) {
  const Duration patience = timeout_of(call);
  const bool runs = guest != nullptr && guest->running();
  const bool falls = !runs || shutdown_time(call, *guest, patience) < patience;
  return Value::map({{"vmid", num(vmid_of(call))},
                     {"force", num(call.parameters.flag("forceStop") ? 1 : 0)},
                     {"falls", num(falls ? 1 : 0)}});
}

Reply shutdown_machine(Call& call) {
  const auto guest = find_machine(call);
  Guest* found = guest ? *guest : nullptr;
  if (found != nullptr && found->process && found->process->state == "paused")
    return fail("VM is paused - cannot shutdown");
  const Duration time =
      found == nullptr ? kMachineReset : shutdown_time(call, *found, timeout_of(call));
  return start_power_task(call, "qmshutdown", "qemu-shutdown", shutdown_arguments(call, found),
                          time);
}

Reply reboot_machine(Call& call) {
  const auto guest = running_machine(call);
  if (!guest) return std::unexpected(guest.error());
  if ((*guest)->process->state == "paused") return fail("VM is paused - cannot shutdown");
  const Value arguments = shutdown_arguments(call, *guest).with(schema::Path({"again"}), num(1));
  return start_power_task(call, "qmreboot", "qemu-shutdown", arguments,
                          shutdown_time(call, **guest, timeout_of(call)));
}

Reply running_task(Call& call, const char* type, const char* kind) {
  const auto guest = running_machine(call);
  if (!guest) return std::unexpected(guest.error());
  return start_power_task(call, type, kind, with_vmid(vmid_of(call)), kMachineReset);
}

Reply reset_machine(Call& call) { return running_task(call, "qmreset", "qemu-reset"); }
Reply resume_machine(Call& call) { return running_task(call, "qmresume", "qemu-resume"); }

Reply suspend_machine(Call& call) {
  if (!call.parameters.flag("todisk")) return running_task(call, "qmpause", "qemu-pause");
  return fail("hibernation is not simulated");
}

/// Whether the name of a machine type asks for a newer QEMU than the node has.
std::optional<std::string> too_new_machine(const World& world, const std::string& node,
                                           const GuestOptions& options) {
  const std::string type = option_of(options, "machine");
  const std::string plain = type.substr(0, type.find(','));
  const auto dash = plain.rfind('-');
  if (!matches(plain, "pc-(i440fx|q35)-[0-9]+(\\.[0-9]+)+(\\+pve[0-9]+)?") ||
      dash == std::string::npos)
    return std::nullopt;
  const int major = static_cast<int>(
      to_integer(plain.substr(dash + 1, plain.find('.', dash) - dash - 1)).value_or(0));
  const std::string installed = world.is_version_9() ? "11.0.0" : "9.2.0";
  if (major <= (world.is_version_9() ? 11 : 9)) return std::nullopt;
  const bool versioned = plain.find("+pve") != std::string::npos;
  return fmt::format(
      "Installed QEMU version '{}' is too old to run machine type '{}{}', please upgrade node '{}'",
      installed, plain, versioned ? "" : "+pve0", node);
}

/// 9 looks for bridges before it starts QEMU, 8 lets QEMU's script fail.
std::optional<std::string> missing_bridge(Work& work, const GuestOptions& options) {
  const World& world = work.world;
  const auto& links = world.nodes.at(work.task->node).network.links;
  for (const auto& [name, value] : options) {
    if (!matches(name, "net[0-9]+")) continue;
    const auto nic =
        parse_property_string(nic_format(world.release.major), value, name, {world.release.major});
    if (!nic || !nic->contains("bridge") || is_in(links, nic->at("bridge"))) continue;
    const std::string problem = fmt::format("bridge '{}' does not exist", nic->at("bridge"));
    if (world.is_version_9()) return problem;
    const std::string tap = fmt::format("tap{}i{}", argument(work, "vmid"), name.substr(3));
    work.log(problem);
    work.log(
        fmt::format("kvm: -netdev type=tap,id={},ifname={},script=/usr/libexec/qemu-server/"
                    "pve-bridge,downscript=/usr/libexec/qemu-server/pve-bridgedown: network script "
                    "/usr/libexec/qemu-server/pve-bridge failed with status 512",
                    name, tap));
    return "start failed: QEMU exited with code 1";
  }
  return std::nullopt;
}

/// Why QEMU would not start with this config.
std::optional<std::string> start_obstacle(Work& work, const GuestOptions& options) {
  const World& world = work.world;
  const std::string& node = work.task->node;
  const Hardware& hardware = world.nodes.at(node).hardware;
  const auto vcpus = number_of(options, "cores", 1) * number_of(options, "sockets", 1);
  if (vcpus > hardware.cpus)
    return fmt::format("MAX {} vcpus allowed per VM on this node", hardware.cpus);
  if (flag_of(options, "kvm", true) && !hardware.virtualization) {
    return "KVM virtualisation configured, but not available. Either disable in VM configuration "
           "or enable in BIOS.";
  }
  if (auto machine = too_new_machine(world, node, options)) return machine;
  if (auto bridge = missing_bridge(work, options)) return bridge;
  if (!world.systems.has_spice && option_of(options, "vga").starts_with("qxl")) {
    const std::string start =
        "kvm: -spice tls-port=61001,addr=127.0.0.1,tls-ciphers=HIGH,seamless-migration=on: ";
    work.log(start + "There is no option group 'spice'");
    work.log(start + "Perhaps you want to install qemu-system-modules-spice package?");
    return "start failed: QEMU exited with code 1";
  }
  if (memory_of(options) * 1024 * 1024 <= hardware.memory) return std::nullopt;
  work.log("kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory");
  return "start failed: QEMU exited with code 1";
}

LogSink sink_of(Work& work) {
  return [&work](std::string line) { work.log(std::move(line)); };
}

bool has_cloud_init(int major, const GuestOptions& options) {
  for (const auto& [name, value] : drives_of(options)) {
    const auto drive = parse_drive(major, value);
    if (drive && drive->is_cloud_init()) return true;
  }
  return false;
}

}  // namespace

std::expected<int, std::string> start_machine_now(Work& work, int vmid) {
  World& world = work.world;
  const auto found = find_machine(world, work.task->node, vmid);
  if (!found) return std::unexpected(task_text(found.error()));
  Guest& guest = **found;
  if (flag_of(guest.options, "template"))
    return std::unexpected("you can't start a vm if it's a template");
  if (const auto free = check_lock(guest); !free) return std::unexpected(task_text(free.error()));
  if (guest.running()) return std::unexpected(fmt::format("VM {} already running", vmid));
  note_change(world, guest);
  const LogSink quiet = [](const std::string&) {};
  apply_pending({world, guest.node, vmid, {}, quiet}, guest);
  if (has_cloud_init(world.release.major, guest.options)) work.log("generating cloud-init ISO");
  if (auto obstacle = start_obstacle(work, guest.options)) return std::unexpected(*obstacle);
  GuestProcess process;
  process.started = world.now;
  process.pid = world.tasks.next_pid++;
  process.options = guest.options;
  guest.process = std::move(process);
  const bool bare_ovmf =
      option_of(guest.options, "bios") == "ovmf" && !guest.options.contains("efidisk0");
  if (!bare_ovmf) return 0;
  work.log("WARN: no efidisk configured! Using temporary efivars disk.");
  return 1;
}

void end_process(Work& work, int vmid, Guest& guest) {
  note_change(work.world, guest);
  guest.process.reset();
  apply_pending({work.world, guest.node, vmid, {}, sink_of(work)}, guest);
}

PhaseResult start_machine_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto guest = find_machine(work.world, work.task->node, vmid);
  if (!guest) return std::unexpected(task_text(guest.error()));
  if (auto wait = await_file_lock(work, **guest, {vmid, false, kFileLockPatience})) return *wait;
  const auto started = start_machine_now(work, vmid);
  if (!started) return std::unexpected(started.error());
  return done_with(*started);
}

PhaseResult stop_machine_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto guest = find_machine_state(work.world, work.task->node, vmid);
  if (!guest) return std::unexpected(task_text(guest.error()));
  if (!(*guest)->running()) return done();
  if (auto wait = await_file_lock(work, **guest, {vmid, false, kFileLockPatience})) return *wait;
  if (const auto free = check_lock(**guest); !free) return std::unexpected(task_text(free.error()));
  end_process(work, vmid, **guest);
  return done();
}

PhaseResult shutdown_machine_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto guest = find_machine_state(work.world, work.task->node, vmid);
  if (!guest) return std::unexpected(task_text(guest.error()));
  if (!(*guest)->running()) return done();
  if (auto wait = await_file_lock(work, **guest, {vmid, false, kFileLockPatience})) return *wait;
  if (argument(work, "falls") != "1") {
    if (argument(work, "force") != "1")
      return std::unexpected("VM quit/powerdown failed - got timeout");
    work.log("VM still running - terminating now with SIGTERM");
  }
  end_process(work, vmid, **guest);
  if (argument(work, "again") != "1") return done();
  // The event daemon notices the end and starts the machine anew.
  const Value arguments = Value::map(
      {{"vmid", num(vmid)}, {"node", str(work.task->node)}, {"user", str(work.task->user)}});
  schedule(work.world, "qemu-restart", arguments, kRebootStart);
  return done();
}

PhaseResult restart_machine_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  start_guest_task(
      work.world, {argument(work, "node"), "root@pam"},
      {"qmstart", std::to_string(vmid), "qemu-start", vmid, with_vmid(vmid), kMachineStart});
  return done();
}

PhaseResult reset_machine_work(Work& work) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto guest = find_machine(work.world, work.task->node, vmid);
  if (!guest) return std::unexpected(task_text(guest.error()));
  if (!(*guest)->running()) return std::unexpected(fmt::format("VM {} not running", vmid));
  return done();
}

namespace {

PhaseResult set_state(Work& work, const char* state) {
  const int vmid = vmid_argument(work.event.arguments);
  const auto guest = find_machine(work.world, work.task->node, vmid);
  if (!guest) return std::unexpected(task_text(guest.error()));
  if (const auto free = check_lock(**guest); !free) return std::unexpected(task_text(free.error()));
  if (!(*guest)->running()) return std::unexpected(fmt::format("VM {} not running", vmid));
  (*guest)->process->state = state;
  return done();
}

}  // namespace

PhaseResult pause_machine_work(Work& work) { return set_state(work, "paused"); }
PhaseResult resume_machine_work(Work& work) { return set_state(work, "running"); }

void add_qemu_power_calls(ApiTable& api) {
  const auto power = needs("/vms/{vmid}", {"VM.PowerMgmt"});
  const auto post = [&](const char* verb, Handler handler) -> Endpoint& {
    return api.post(fmt::format("/nodes/{{node}}/qemu/{{vmid}}/status/{}", verb), handler)
        .allowed(power)
        .privileged()
        .on_node()
        .takes({guest_id()});
  };
  const auto skip = [] { return flag("skiplock").optional(); };
  const auto timeout = [] { return integer("timeout").at_least(0).optional(); };
  const auto keep_active = [] { return flag("keepActive").optional(); };
  post("start", start_machine)
      .takes({text("force-cpu").optional(),
              text("machine").made_of(machine_format(api.major())).optional(),
              node_name("migratedfrom").optional(),
              text("migration_network").of_format("CIDR").optional(),
              text("migration_type").one_of({"secure", "insecure"}).optional(),
              text("nets-host-mtu").matching("net\\d+=\\d+(,net\\d+=\\d+)*").optional(), skip(),
              text("stateuri").up_to(128).optional(),
              text("targetstorage").of_format("storage-pair-list").optional(), timeout(),
              flag("with-conntrack-state").optional().only_in(9)});
  post("stop", stop_machine)
      .takes({keep_active(), node_name("migratedfrom").optional(),
              flag("overrule-shutdown").optional(), skip(), timeout()});
  post("shutdown", shutdown_machine)
      .takes({flag("forceStop").optional(), keep_active(), skip(), timeout()});
  post("reboot", reboot_machine).takes({timeout()});
  post("reset", reset_machine).takes({skip()});
  post("suspend", suspend_machine)
      .takes({skip(), text("statestorage").of_format("pve-storage-id").with("todisk").optional(),
              flag("todisk").optional()});
  post("resume", resume_machine).takes({flag("nocheck").optional(), skip()});
}

}  // namespace pveplan::lab
