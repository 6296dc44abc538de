#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/core/call.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Reply list_nodes(Call& call) {
  Value::List list;
  for (const auto& [name, node] : call.world.nodes) {
    const bool stats = call.may("/nodes/" + name, "Sys.Audit");
    list.push_back(node_resource(call.world, name, node, stats)
                       .with(schema::Path({"ssl_fingerprint"}), str(node.fingerprint)));
  }
  return Value::list(std::move(list));
}

Value cpu_info(const Hardware& hardware, bool nine) {
  Value::Fields fields{{"user_hz", num(100)},
                       {"mhz", str(hardware.cpu_megahertz)},
                       {"cpus", num(hardware.cpus)},
                       {"cores", num(hardware.cpus)},
                       {"sockets", num(1)},
                       {"model", str(hardware.cpu_model)},
                       {"hvm", str(hardware.virtualization ? "1" : "")},
                       {"flags", str(hardware.cpu_flags)}};
  if (nine) {
    fields.emplace_back("vendor", str(hardware.cpu_vendor));
    fields.emplace_back("family", str(hardware.cpu_family));
  }
  return Value::map(std::move(fields));
}

Value memory_info(const Hardware& hardware, bool nine) {
  const std::int64_t free = hardware.memory - hardware.memory_used;
  Value::Fields fields{
      {"total", num(hardware.memory)}, {"used", num(hardware.memory_used)}, {"free", num(free)}};
  if (nine) fields.emplace_back("available", num(free));
  return Value::map(std::move(fields));
}

Value kernel_info(const Hardware& hardware) {
  return Value::map({{"sysname", str("Linux")},
                     {"release", str(hardware.kernel)},
                     {"machine", str("x86_64")},
                     {"version", str("#1 SMP PREEMPT_DYNAMIC @0")}});
}

Reply node_status(Call& call) {
  const Node& node = call.here();
  const Hardware& hardware = node.hardware;
  const bool nine = call.major() >= 9;
  const Release& release = call.world.release;
  return Value::map(
      {{"boot-info", Value::map({{"mode", str("legacy-bios")}})},
       {"cpu", num(0)},
       {"cpuinfo", cpu_info(hardware, nine)},
       {"current-kernel", kernel_info(hardware)},
       {"idle", num(0)},
       {"ksm", Value::map({{"shared", num(0)}})},
       {"kversion", str(fmt::format("Linux {} #1 SMP PREEMPT_DYNAMIC @0", hardware.kernel))},
       {"loadavg", Value::list({str("0.10"), str("0.10"), str("0.10")})},
       {"memory", memory_info(hardware, nine)},
       {"pveversion",
        str(fmt::format("pve-manager/{}/{}", release.version, release.repository_id))},
       {"rootfs", Value::map({{"total", num(hardware.root_disk)},
                              {"used", num(hardware.root_used)},
                              {"avail", num(hardware.root_available)},
                              {"free", num(hardware.root_disk - hardware.root_used)}})},
       {"swap", Value::map({{"total", num(0)}, {"used", num(0)}, {"free", num(0)}})},
       {"uptime", num(unix_seconds(call.world.now) - unix_seconds(node.booted))},
       {"wait", num(0)}});
}

Reply node_time(Call& call) {
  const std::int64_t now = unix_seconds(call.world.now);
  return Value::map(
      {{"timezone", str(call.here().time_zone)}, {"time", num(now)}, {"localtime", num(now)}});
}

Reply set_time_zone(Call& call) {
  call.here().time_zone = call.parameters.text("timezone");
  return Payload{};
}

Value text_fields(const std::map<std::string, std::string>& options) {
  Value::Fields fields;
  for (const auto& [name, text] : options) fields.emplace_back(name, str(text));
  return Value::map(std::move(fields));
}

Reply node_dns(Call& call) { return text_fields(call.here().dns); }

/// Rewrites all: a name server that is left out is gone.
Reply set_dns(Call& call) {
  auto& dns = call.here().dns;
  dns.clear();
  for (const char* name : {"search", "dns1", "dns2", "dns3"}) {
    if (const auto text = call.parameters.maybe(name)) dns[name] = *text;
  }
  return Payload{};
}

Reply node_config(Call& call) { return text_fields(call.here().options); }

/// The recorded servers had no systemd to ask; the lab has none either.
Reply services(Call&) { return Value::list({}); }

}  // namespace

void add_node_calls(ApiTable& api) {
  const auto audit = needs("/nodes/{node}", {"Sys.Audit"});
  const auto modify = needs("/nodes/{node}", {"Sys.Modify"});
  api.get("/nodes", list_nodes).allowed(everyone());
  api.get("/nodes/{node}/status", node_status).allowed(audit).on_node();
  api.get("/nodes/{node}/time", node_time).allowed(audit).on_node();
  api.put("/nodes/{node}/time", set_time_zone)
      .allowed(modify)
      .privileged()
      .on_node()
      .takes({text("timezone")})
      .known(Knowledge::from_source);
  api.get("/nodes/{node}/dns", node_dns).allowed(audit).on_node();
  api.put("/nodes/{node}/dns", set_dns)
      .allowed(modify)
      .privileged()
      .on_node()
      .takes({text("dns1").of_format("ip").optional(), text("dns2").of_format("ip").optional(),
              text("dns3").of_format("ip").optional(), text("search")})
      .known(Knowledge::from_source);
  api.get("/nodes/{node}/config", node_config)
      .allowed(needs("/", {"Sys.Audit"}))
      .on_node()
      .takes({text("property")
                  .one_of({"acme", "acmedomain0", "acmedomain1", "acmedomain2", "acmedomain3",
                           "acmedomain4", "acmedomain5", "ballooning-target", "description",
                           "startall-onboot-delay", "wakeonlan"})
                  .optional()});
  api.get("/nodes/{node}/services", services).allowed(audit).privileged().on_node();
}

}  // namespace pveplan::lab
