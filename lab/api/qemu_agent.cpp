// The agent inside a virtual machine.

#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

using schema::Value;

/// A call whose answer is just what the agent says.
struct AgentCommand {
  const char* name;
  bool posts = false;
  std::vector<std::string> rights;  ///< of 9, beside the one for everything
};

const std::vector<AgentCommand>& commands() {
  const std::string audit = "VM.GuestAgent.Audit";
  const std::string files = "VM.GuestAgent.FileSystemMgmt";
  const std::string power = "VM.PowerMgmt";
  static const std::vector<AgentCommand> kCommands{
      {"fsfreeze-freeze", true, {files}},
      {"fsfreeze-status", true, {audit, files}},
      {"fsfreeze-thaw", true, {files}},
      {"fstrim", true, {files}},
      {"get-fsinfo", false, {audit}},
      {"get-host-name", false, {audit}},
      {"get-memory-block-info", false, {audit}},
      {"get-memory-blocks", false, {audit}},
      {"get-osinfo", false, {audit}},
      {"get-time", false, {audit}},
      {"get-timezone", false, {audit}},
      {"get-users", false, {audit}},
      {"get-vcpus", false, {audit}},
      {"info", false, {audit}},
      {"network-get-interfaces", false, {audit}},
      {"ping", true, {audit}},
      {"shutdown", true, {power}},
      {"suspend-disk", true, {power}},
      {"suspend-hybrid", true, {power}},
      {"suspend-ram", true, {power}},
  };
  return kCommands;
}

/// Whether the agent of a running machine would answer now.
bool answers(const Call& call, const Guest& guest) {
  const GuestSystems& systems = call.world.systems;
  if (!systems.installed) return systems.answer_in(option_of(guest.options, "name"));
  return has_agent(call.major(), guest.process->options) && guest.process->state == "running" &&
         call.world.now - guest.process->started >= kSystemBoot;
}

/// The machine of the call, with an agent that answers.
Attempt<Guest*> find_agent(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return guest;
  if (!(*guest)->options.contains("agent")) return fail("No QEMU guest agent configured");
  if (!(*guest)->running())
    return fail(fmt::format("VM {} is not running", call.parameters.integer("vmid")));
  if (!answers(call, **guest)) return fail("QEMU guest agent is not running");
  return guest;
}

Value statistics() {
  Value::Fields fields;
  for (const char* name : {"rx-bytes", "rx-dropped", "rx-errs", "rx-packets", "tx-bytes",
                           "tx-dropped", "tx-errs", "tx-packets"})
    fields.emplace_back(name, num(0));
  return Value::map(std::move(fields));
}

Value address(const std::string& text, const char* type, int prefix) {
  return Value::map(
      {{"ip-address", str(text)}, {"ip-address-type", str(type)}, {"prefix", num(prefix)}});
}

Value network_interface(const std::string& name, const std::string& mac, Value::List addresses) {
  return Value::map({{"name", str(name)},
                     {"hardware-address", str(mac)},
                     {"ip-addresses", Value::list(std::move(addresses))},
                     {"statistics", statistics()}});
}

/// Static addresses as cloud-init sets them; DHCP gives one that the VMID decides.
Value::List addresses_of(const Call& call, const GuestOptions& options, int index) {
  const std::string text = option_of(options, fmt::format("ipconfig{}", index), "ip=dhcp");
  const auto setting = parse_property_string(ipconfig_format(), text, {}, {call.major()});
  const std::string v4 = setting && setting->contains("ip") ? setting->at("ip") : std::string{};
  Value::List list;
  if (const auto slash = v4.find('/'); slash != std::string::npos) {
    list.push_back(address(v4.substr(0, slash), "ipv4",
                           static_cast<int>(to_integer(v4.substr(slash + 1)).value_or(32))));
  } else if (v4 == "dhcp") {
    const auto vmid = call.parameters.integer("vmid");
    list.push_back(address(fmt::format("10.10.{}.{}", 10 + index, 100 + vmid % 150), "ipv4", 24));
  }
  list.push_back(address(fmt::format("fe80::be24:11ff:fe00:{:x}", index + 1), "ipv6", 64));
  return list;
}

Value network_interfaces(const Call& call, const Guest& guest) {
  Value::List list;
  list.push_back(network_interface("lo", "00:00:00:00:00:00",
                                   {address("127.0.0.1", "ipv4", 8), address("::1", "ipv6", 128)}));
  const GuestOptions& options = guest.options;
  for (int i = 0; i <= 31; ++i) {
    const std::string value = option_of(options, fmt::format("net{}", i));
    const auto nic = parse_property_string(nic_format(call.major()), value, {}, {call.major()});
    if (value.empty() || !nic) continue;
    list.push_back(network_interface(fmt::format("eth{}", i), to_lower(nic->at("macaddr")),
                                     addresses_of(call, options, i)));
  }
  return Value::list(std::move(list));
}

Value system_facts() {
  return Value::map({{"id", str("debian")},
                     {"name", str("Debian GNU/Linux")},
                     {"pretty-name", str("Debian GNU/Linux 12 (bookworm)")},
                     {"version", str("12 (bookworm)")},
                     {"version-id", str("12")},
                     {"machine", str("x86_64")},
                     {"kernel-release", str("6.1.0")},
                     {"kernel-version", str("#1 SMP")}});
}

Value agent_facts() {
  Value::List list;
  for (const char* name : {"guest-ping", "guest-network-get-interfaces", "guest-get-osinfo",
                           "guest-get-host-name", "guest-shutdown"}) {
    list.push_back(Value::map({{"name", str(name)},
                               {"enabled", Value::boolean(true)},
                               {"success-response", Value::boolean(true)}}));
  }
  return Value::map(
      {{"version", str("7.2.0")}, {"supported_commands", Value::list(std::move(list))}});
}

Value host_name(const Call& call, const Guest& guest) {
  const std::string name = option_of(guest.options, "name", "guest");
  const std::string shown = call.world.systems.installed ? name.substr(0, name.find('.')) : "guest";
  return Value::map({{"host-name", str(shown)}});
}

Value unknown_command(const std::string& name) {
  return Value::map(
      {{"error", Value::map({{"class", str("CommandNotFound")},
                             {"desc", str(fmt::format("The command guest-{} has not been found",
                                                      name))}})}});
}

Reply run_command(Call& call, const std::string& name) {
  const auto guest = find_agent(call);
  if (!guest) return std::unexpected(guest.error());
  Value result = unknown_command(name);
  if (name == "ping") result = Value::map({});
  if (name == "network-get-interfaces") result = network_interfaces(call, **guest);
  if (name == "get-osinfo") result = system_facts();
  if (name == "get-host-name") result = host_name(call, **guest);
  if (name == "info") result = agent_facts();
  return Value::map({{"result", std::move(result)}});
}

/// The last part of the path names the command.
Reply run_named_command(Call& call) {
  const std::string& path = call.endpoint.path;
  return run_command(call, path.substr(path.rfind('/') + 1));
}

Reply run_given_command(Call& call) { return run_command(call, call.parameters.text("command")); }

Reply agent_index(Call&) {
  std::vector<std::string> names{"exec", "exec-status", "file-read", "file-write",
                                 "set-user-password"};
  for (const AgentCommand& command : commands()) names.emplace_back(command.name);
  std::ranges::sort(names);
  Value::List rows;
  for (const std::string& name : names) rows.push_back(Value::map({{"name", str(name)}}));
  return Value::list(std::move(rows));
}

Reply execute(Call& call) {
  const auto guest = find_agent(call);
  if (!guest) return std::unexpected(guest.error());
  return Value::map({{"pid", num(1)}});
}

Reply execution_status(Call& call) {
  const auto guest = find_agent(call);
  if (!guest) return std::unexpected(guest.error());
  return Value::map({{"exited", num(1)}, {"exitcode", num(0)}});
}

Reply need_agent(Call& call) {
  const auto guest = find_agent(call);
  if (!guest) return std::unexpected(guest.error());
  return Value::map({{"result", Value::map({})}});
}

Permission agent_rule(const ApiTable& api, std::vector<std::string> rights) {
  if (api.major() < 9) return needs("/vms/{vmid}", {"VM.Monitor"});
  const std::string everything = "VM.GuestAgent.Unrestricted";
  if (rights.empty()) return needs("/vms/{vmid}", {everything});
  rights.push_back(everything);
  return needs_any("/vms/{vmid}", std::move(rights));
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const AgentCommand& command : commands()) names.emplace_back(command.name);
  return names;
}

}  // namespace

void add_qemu_agent_calls(ApiTable& api) {
  const std::string root = "/nodes/{node}/qemu/{vmid}/agent";
  const auto at = [&](Endpoint& endpoint, std::vector<std::string> rights) -> Endpoint& {
    return endpoint.allowed(agent_rule(api, std::move(rights)))
        .privileged()
        .on_node()
        .takes({guest_id()});
  };
  api.get(root, agent_index).allowed(everyone()).on_node().takes({guest_id()});
  at(api.post(root, run_given_command), api.major() >= 9
                                            ? std::vector<std::string>{"VM.GuestAgent.Unrestricted"}
                                            : std::vector<std::string>{})
      .takes({text("command").one_of(command_names())});
  for (const AgentCommand& command : commands()) {
    const std::string path = root + "/" + command.name;
    at(command.posts ? api.post(path, run_named_command) : api.get(path, run_named_command),
       command.rights);
  }
  at(api.post(root + "/exec", execute), {})
      .takes(
          {list_of("command", Parameter::Kind::string), text("input-data").up_to(65536).optional()})
      .known(Knowledge::assumed);
  at(api.get(root + "/exec-status", execution_status), {})
      .takes({integer("pid")})
      .known(Knowledge::assumed);
  at(api.post(root + "/set-user-password", need_agent), {})
      .takes({flag("crypted").optional(), text("password").length(5, 1024), text("username")})
      .known(Knowledge::assumed);
}

}  // namespace pveplan::lab
