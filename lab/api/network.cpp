#include "lab/api/areas.hpp"
#include "lab/api/network_file.hpp"
#include "lab/api/network_reload.hpp"
#include "lab/core/call.hpp"
#include "lab/core/tasks.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <bit>

namespace pveplan::lab {
namespace {

using schema::Value;

/// What the lists show while changes wait: the file that waits.
const InterfacesFile& shown_file(const NodeNetwork& network) {
  return network.pending ? *network.pending : network.current;
}

void add_family(const Interface& interface, const std::string& suffix, Value::Fields& fields) {
  const std::string cidr = interface_option(interface, "cidr" + suffix);
  if (cidr.empty()) return;
  fields.emplace_back("address" + suffix, str(cidr.substr(0, cidr.find('/'))));
  fields.emplace_back("netmask" + suffix, str(cidr.substr(cidr.find('/') + 1)));
}

Value families_of(const Interface& interface) {
  Value::List families;
  const bool v4 = interface_option(interface, "method") == "static";
  const bool v6 = interface_option(interface, "method6") == "static";
  if (v4 || !v6) families.push_back(str("inet"));
  if (v6) families.push_back(str("inet6"));
  return Value::list(std::move(families));
}

Value option_value(const std::string& name, const std::string& text) {
  if (name == "autostart" || name == "bridge_vlan_aware") return num(1);
  // Comments are kept as lines, each with its break.
  if (name == "comments" || name == "comments6")
    return str(text.ends_with('\n') ? text : text + "\n");
  return str(text);
}

void add_options(const Interface& interface, Value::Fields& fields) {
  for (const auto& [name, text] : interface.options) {
    const bool is_flag = name == "autostart" || name == "bridge_vlan_aware";
    if (is_flag && text != "1") continue;
    fields.emplace_back(name, option_value(name, text));
  }
}

/// A VLAN takes its existence from the device below it, and says so even where that is unknown.
void add_presence(const NodeNetwork& network, const Interface& interface, Value::Fields& fields) {
  if (is_in(network.links, interface.name)) fields.emplace_back("active", num(1));
  if (is_in(network.hardware, interface.name)) fields.emplace_back("exists", num(1));
  if (interface_option(interface, "type") != "vlan") return;
  const bool parent = is_in(network.hardware, interface_option(interface, "vlan-raw-device"));
  fields.emplace_back("exists", parent ? num(1) : null());
}

Value interface_value(const NodeNetwork& network, const Interface& interface,
                      std::size_t position) {
  Value::Fields fields{{"families", families_of(interface)},
                       {"method", str("manual")},
                       {"method6", str("manual")},
                       // 1 is kept for the loopback device, which is the first in the file.
                       {"priority", num(static_cast<std::int64_t>(position) + 2)}};
  add_options(interface, fields);
  add_family(interface, "", fields);
  add_family(interface, "6", fields);
  add_presence(network, interface, fields);
  return Value::map(std::move(fields));
}

bool is_bridge(const std::string& type) { return type == "bridge" || type == "OVSBridge"; }

bool matches_type(const Call& call, const std::string& type) {
  const auto wanted = call.parameters.maybe("type");
  if (!wanted || *wanted == "include_sdn") return true;
  if (*wanted == "any_bridge" || *wanted == "any_local_bridge") return is_bridge(type);
  return *wanted == type;
}

Reply list_interfaces(Call& call) {
  const NodeNetwork& network = call.here().network;
  const InterfacesFile& file = shown_file(network);
  Value::List list;
  for (std::size_t i = 0; i < file.interfaces.size(); ++i) {
    const Interface& interface = file.interfaces[i];
    const std::string type = interface_option(interface, "type");
    if (type == "loopback" || !matches_type(call, type)) continue;
    const std::string path = "/sdn/zones/localnetwork/" + interface.name;
    if (is_bridge(type) && !call.may_any(path, {"SDN.Audit", "SDN.Use"})) continue;
    list.push_back(
        interface_value(network, interface, i).with(schema::Path({"iface"}), str(interface.name)));
  }
  Payload payload(Value::list(std::move(list)));
  if (const std::string changes = pending_changes(network); !changes.empty()) {
    payload.beside.emplace_back("changes", str(changes));
  }
  return payload;
}

Reply read_interface(Call& call) {
  const NodeNetwork& network = call.here().network;
  const InterfacesFile& file = shown_file(network);
  const Interface* found = find_interface(file, call.parameters.text("iface"));
  if (found == nullptr) return bad_parameter("iface", "interface does not exist");
  const auto position = static_cast<std::size_t>(found - file.interfaces.data());
  return interface_value(network, *found, position);
}

int prefix_length(const std::string& netmask) {
  in_addr address{};
  if (inet_pton(AF_INET, netmask.c_str(), &address) != 1)
    return static_cast<int>(to_integer(netmask).value_or(0));
  return std::popcount(address.s_addr);
}

/// An address and a mask become a CIDR, which excludes both.
Attempt<void> take_address(const Parameters& given, const std::string& suffix,
                           Interface& interface) {
  const std::string cidr = "cidr" + suffix;
  if (given.has(cidr)) {
    for (const std::string& name : {"address" + suffix, "netmask" + suffix}) {
      if (given.has(name))
        return bad_parameter(name, fmt::format("{} conflicts with {}", name, cidr));
    }
    interface.options[cidr] = given.text(cidr);
  } else if (given.has("address" + suffix)) {
    interface.options[cidr] = fmt::format("{}/{}", given.text("address" + suffix),
                                          prefix_length(given.text("netmask" + suffix)));
  }
  const bool addressed = given.has(cidr) || given.has("address" + suffix);
  interface.options["method" + suffix] = addressed ? "static" : "manual";
  return {};
}

bool is_kept_option(const std::string& name) {
  static const std::set<std::string> kElsewhere{
      "node", "iface", "delete", "cidr", "cidr6", "address", "address6", "netmask", "netmask6"};
  return !kElsewhere.contains(name);
}

void take_vlan(const Interface& like, Interface& interface) {
  const auto dot = like.name.find('.');
  if (dot != std::string::npos) {
    interface.options["vlan-raw-device"] = like.name.substr(0, dot);
    interface.options["vlan-id"] = like.name.substr(dot + 1);
  } else if (!interface.options.contains("vlan-id") && matches(like.name, "vlan[0-9]+")) {
    interface.options["vlan-id"] = like.name.substr(4);
  }
}

Attempt<void> take_options(const Parameters& given, Interface& interface) {
  for (const auto& [name, value] : given.all()) {
    if (is_kept_option(name) && !value.is_null()) interface.options[name] = scalar_text(value);
  }
  for (const char* suffix : {"", "6"}) {
    if (auto taken = take_address(given, suffix, interface); !taken) return taken;
  }
  const std::string type = interface_option(interface, "type");
  if (type == "bridge") {
    interface.options.try_emplace("bridge_ports", "");
    interface.options.try_emplace("bridge_stp", "off");
    interface.options.try_emplace("bridge_fd", "0");
    if (interface_option(interface, "bridge_vlan_aware") == "1") {
      interface.options.try_emplace("bridge_vids", "2-4094");
    }
  }
  if (type == "vlan") take_vlan(interface, interface);
  return {};
}

Attempt<void> refuse_second_gateway(const InterfacesFile& file, const Parameters& given,
                                    const std::string& name) {
  for (const char* option : {"gateway", "gateway6"}) {
    if (!given.has(option)) continue;
    for (const Interface& other : file.interfaces) {
      if (other.name == name || interface_option(other, option).empty()) continue;
      return bad_parameter(
          option, fmt::format("Default gateway already exists on interface '{}'.", other.name));
    }
  }
  return {};
}

std::vector<std::string> ports_of(const Interface& interface) {
  std::vector<std::string> ports;
  for (const char* option : {"bridge_ports", "slaves", "ovs_ports", "ovs_bonds"}) {
    for (std::string& port : split_list(interface_option(interface, option)))
      ports.push_back(std::move(port));
  }
  return ports;
}

Attempt<void> refuse_used_ports(const InterfacesFile& file, const Parameters& given,
                                const std::string& name) {
  for (const char* option : {"bridge_ports", "slaves", "ovs_ports", "ovs_bonds"}) {
    for (const std::string& port : given.list(option)) {
      for (const Interface& other : file.interfaces) {
        if (other.name == name || !is_in(ports_of(other), port)) continue;
        return bad_parameter(
            option, fmt::format("{} is already used on interface '{}'.", port, other.name));
      }
    }
  }
  return {};
}

/// Physical devices cannot vanish from the file while they are plugged in.
void keep_hardware(const NodeNetwork& network, InterfacesFile& file) {
  for (const std::string& name : network.hardware) {
    if (name == "lo" || find_interface(file, name) != nullptr) continue;
    file.interfaces.push_back({name, {{"type", "eth"}, {"method", "manual"}}});
  }
}

/// Writes the new file beside the current one.
Reply write_pending(Call& call, InterfacesFile file) {
  NodeNetwork& network = call.here().network;
  keep_hardware(network, file);
  if (auto checked = check_interfaces(call.world, network, file); !checked) {
    return std::unexpected(checked.error());
  }
  sort_interfaces(file);
  file.changed_at = call.world.now.time_since_epoch().count();
  network.pending = std::move(file);
  return Payload{};
}

Reply store_interface(Call& call, InterfacesFile file, Interface interface) {
  if (auto one = refuse_second_gateway(file, call.parameters, interface.name); !one) {
    return std::unexpected(one.error());
  }
  if (auto free = refuse_used_ports(file, call.parameters, interface.name); !free) {
    return std::unexpected(free.error());
  }
  if (auto taken = take_options(call.parameters, interface); !taken)
    return std::unexpected(taken.error());
  const auto same = [&](const Interface& other) { return other.name == interface.name; };
  const auto place = std::find_if(file.interfaces.begin(), file.interfaces.end(), same);
  if (place == file.interfaces.end()) {
    file.interfaces.push_back(std::move(interface));
  } else {
    *place = std::move(interface);
  }
  return write_pending(call, std::move(file));
}

Reply create_interface(Call& call) {
  const InterfacesFile& file = shown_file(call.here().network);
  const std::string name = call.parameters.text("iface");
  if (find_interface(file, name) != nullptr)
    return bad_parameter("iface", "interface already exists");
  return store_interface(call, file, {name, {}});
}

void delete_options(const Parameters& given, Interface& interface) {
  for (const std::string& option : given.list("delete")) interface.options.erase(option);
}

Reply update_interface(Call& call) {
  const InterfacesFile& file = shown_file(call.here().network);
  const Interface* found = find_interface(file, call.parameters.text("iface"));
  if (found == nullptr) return bad_parameter("iface", "interface does not exist");
  Interface interface = *found;
  delete_options(call.parameters, interface);
  return store_interface(call, file, std::move(interface));
}

Reply delete_interface(Call& call) {
  InterfacesFile file = shown_file(call.here().network);
  const std::string name = call.parameters.text("iface");
  const auto gone = std::erase_if(
      file.interfaces, [&](const Interface& interface) { return interface.name == name; });
  if (gone == 0) return bad_parameter("iface", "interface does not exist");
  return write_pending(call, std::move(file));
}

Reply revert(Call& call) {
  call.here().network.pending.reset();
  return Payload{};
}

Reply reload(Call& call) { return str(start_network_reload(call)); }

std::vector<std::string> types(int major, std::vector<std::string> more) {
  std::vector<std::string> list{"bridge", "bond", "eth", "alias", "vlan"};
  if (major >= 9) list.emplace_back("fabric");
  list.insert(list.end(), {"OVSBridge", "OVSBond", "OVSPort", "OVSIntPort", "vnet"});
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

Parameter interface_name() { return text("iface").of_format("pve-iface").length(2, 20); }

std::vector<Parameter> interface_options(int major) {
  return {
      text("address").of_format("ipv4").with("netmask").optional(),
      text("address6").of_format("ipv6").with("netmask6").optional(),
      flag("autostart").optional(),
      text("bond-primary").of_format("pve-iface").optional(),
      text("bond_mode")
          .one_of({"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad",
                   "balance-tlb", "balance-alb", "balance-slb", "lacp-balance-slb",
                   "lacp-balance-tcp"})
          .optional(),
      text("bond_xmit_hash_policy").one_of({"layer2", "layer2+3", "layer3+4"}).optional(),
      text("bridge_ports").of_format("pve-iface-list").optional(),
      text("bridge_vids").of_format("pve-vlan-id-or-range-list").optional(),
      flag("bridge_vlan_aware").optional(),
      text("cidr").of_format("CIDRv4").optional(),
      text("cidr6").of_format("CIDRv6").optional(),
      text("comments").optional(),
      text("comments6").optional(),
      text("gateway").of_format("ipv4").optional(),
      text("gateway6").of_format("ipv6").optional(),
      interface_name(),
      integer("mtu").between(1280, 65520).optional(),
      text("netmask").of_format("ipv4mask").with("address").optional(),
      integer("netmask6").between(0, 128).with("address6").optional(),
      text("ovs_bonds").of_format("pve-iface-list").optional(),
      text("ovs_bridge").of_format("pve-iface").optional(),
      text("ovs_options").up_to(1024).optional(),
      text("ovs_ports").of_format("pve-iface-list").optional(),
      integer("ovs_tag").between(1, 4094).optional(),
      text("slaves").of_format("pve-iface-list").optional(),
      text("type").one_of(types(major, {"unknown"})),
      integer("vlan-id").between(1, 4094).optional(),
      text("vlan-raw-device").of_format("pve-iface").optional(),
  };
}

std::vector<std::string> listed_types(int major) {
  auto list = types(major, {"any_bridge", "any_local_bridge"});
  if (major >= 9) list.emplace_back("include_sdn");
  return list;
}

}  // namespace

void add_network_calls(ApiTable& api) {
  const Permission modify = needs("/nodes/{node}", {"Sys.Modify"});
  const std::string all = "/nodes/{node}/network";
  const std::string one = all + "/{iface}";
  api.get(all, list_interfaces)
      .allowed(everyone())
      .on_node()
      .takes({text("type").one_of(listed_types(api.major())).optional()});
  api.post(all, create_interface)
      .allowed(modify)
      .privileged()
      .on_node()
      .takes(interface_options(api.major()));
  api.put(all, reload)
      .allowed(modify)
      .privileged()
      .on_node()
      .takes({flag("regenerate-frr").optional().only_in(9)});
  api.remove(all, revert).allowed(modify).privileged().on_node();
  api.get(one, read_interface)
      .allowed(needs("/nodes/{node}", {"Sys.Audit"}))
      .on_node()
      .takes({interface_name()});
  api.put(one, update_interface)
      .allowed(modify)
      .privileged()
      .on_node()
      .takes(interface_options(api.major()))
      .takes({text("delete").of_format("pve-configid-list").optional()});
  api.remove(one, delete_interface)
      .allowed(modify)
      .privileged()
      .on_node()
      .takes({interface_name()});
}

}  // namespace pveplan::lab
