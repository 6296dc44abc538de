#include "lab/api/network_reload.hpp"

#include "lab/api/network_file.hpp"
#include "lab/core/durations.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

bool needs_vlans(const Interface& interface) {
  return interface_option(interface, "type") == "vlan" ||
         interface_option(interface, "bridge_vlan_aware") == "1";
}

/// What ifreload says where the kernel cannot do VLANs.
std::string vlan_complaint(const Interface& interface) {
  constexpr std::string_view kEnd = "operation failed with 'Operation not supported' (95) ";
  if (interface_option(interface, "type") == "vlan") {
    return fmt::format("netlink : error: netlink: {0}: cannot create vlan {0} {1}: {2}",
                       interface.name, interface_option(interface, "vlan-id"), kEnd);
  }
  return fmt::format("{0} : error: {0}: netlink: cannot create bridge or set attributes: {1}",
                     interface.name, kEnd);
}

/// Hardware has to be there already; what is not marked to start by itself stays as it is.
bool comes_up(const NodeNetwork& network, const Interface& interface) {
  const std::string type = interface_option(interface, "type");
  const bool is_device = type == "loopback" || type == "eth";
  if (is_device || interface_option(interface, "autostart") != "1")
    return is_in(network.links, interface.name);
  return type != "vlan" || network.kernel_has_vlans;
}

/// Devices that the file never made keep running.
std::vector<std::string> foreign_links(const NodeNetwork& network) {
  std::vector<std::string> links;
  for (const std::string& name : network.links) {
    const bool configured = find_interface(network.current, name) != nullptr;
    if (!configured && !is_in(network.created, name)) links.push_back(name);
  }
  return links;
}

/// False when something could not be set up.
bool bring_up(Work& work, NodeNetwork& network) {
  std::vector<std::string> links = foreign_links(network);
  std::vector<std::string> created;
  bool good = true;
  for (const Interface& interface : network.current.interfaces) {
    if (!network.kernel_has_vlans && needs_vlans(interface)) {
      work.log(vlan_complaint(interface));
      good = false;
    }
    if (!comes_up(network, interface)) continue;
    links.push_back(interface.name);
    if (interface_option(interface, "type") != "eth") created.push_back(interface.name);
  }
  network.links = std::move(links);
  network.created = std::move(created);
  return good;
}

}  // namespace

std::string start_network_reload(Call& call) {
  return start_task(call, "srvreload", "networking", "reload-network", null(), kNetworkReload);
}

PhaseResult reload_network(Work& work) {
  NodeNetwork& network = work.world.nodes.at(work.task->node).network;
  if (network.pending) network.current = *std::exchange(network.pending, std::nullopt);
  if (!network.reload_failure.empty()) {
    for (const std::string& line : network.reload_failure_log) work.log(line);
    return std::unexpected(network.reload_failure);
  }
  if (!bring_up(work, network)) return std::unexpected("command 'ifreload -a' failed: exit code 1");
  return done();
}

}  // namespace pveplan::lab
