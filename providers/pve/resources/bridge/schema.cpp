#include "providers/pve/resources/bridge/schema.hpp"

#include "schema/topology.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::pve {

using namespace schema;

namespace {

AttributeBuilder network_attr(const char* name, Type type, const char* option) {
  auto attribute = attr(name, std::move(type));
  attribute.effect(EffectRule::network_reload).default_server().option(option);
  return attribute;
}

ObjectBuilder& add_addresses(ObjectBuilder& object) {
  return object
      .add(network_attr("address", string(), "cidr")
               .format(Format::ipv4_with_prefix)
               .doc("The node's own address on the bridge, such as \"10.0.0.2/24\"."))
      .add(network_attr("gateway", string(), "gateway")
               .format(Format::ipv4)
               .doc("The node's default gateway; one interface of a node can have it."))
      .add(network_attr("address6", string(), "cidr6")
               .format(Format::ipv6_with_prefix)
               .doc("The node's own IPv6 address on the bridge."))
      .add(network_attr("gateway6", string(), "gateway6")
               .format(Format::ipv6)
               .doc("The node's IPv6 gateway."))
      .constraint({CrossConstraint::Kind::requires_other, {"gateway", "address"}, {}})
      .constraint({CrossConstraint::Kind::requires_other, {"gateway6", "address6"}, {}});
}

ObjectBuilder& add_link(ObjectBuilder& object) {
  return object
      .add(network_attr("ports", set_of(string()), "bridge_ports")
               .format(Format::interface_name)
               .wire({"bridge_ports", {}, false, {}, Wire::Encoding::comma_list, false, true})
               .doc("The interfaces of the node that join the bridge; none for a bridge inside of "
                    "the node."))
      .add(network_attr("vlan_aware", boolean(), "bridge_vlan_aware")
               .wire({"bridge_vlan_aware", {}, false, {}, Wire::Encoding::boolean, false, true})
               .doc("Lets guests choose a VLAN with `vlan`."))
      .add(network_attr("vlans", list_of(string()), "bridge_vids")
               .format(Format::integer_range)
               .wire({"bridge_vids", {}, false, {}, Wire::Encoding::comma_list, false, true})
               .doc("The VLANs that a VLAN-aware bridge carries: numbers and ranges. Without it, "
                    "2 to 4094."))
      .add(network_attr("mtu", integer(), "mtu")
               .range(1280, 65520)
               .doc("Bytes of the largest packet."))
      .constraint({CrossConstraint::Kind::requires_other,
                   {"vlans", "vlan_aware"},
                   "Only a VLAN-aware bridge has VLANs."});
}

/// The text of each entry of a list attribute, with its place in the list.
std::vector<std::string> texts_of(const Resource& resource, const char* attribute) {
  std::vector<std::string> result;
  const auto* list = resource.attributes.find(attribute);
  if (list == nullptr || list->kind() != Value::Kind::list) return result;
  for (const auto& item : list->as_list()) {
    result.push_back(item.is_string() ? item.as_string() : std::string());
  }
  return result;
}

void check_vlans(const Resource& bridge, Diagnostics& diagnostics) {
  const auto ranges = texts_of(bridge, "vlans");
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto& range = ranges[i];
    const auto first = std::atoll(range.c_str());
    const auto hyphen = range.find('-');
    const auto last = hyphen == std::string::npos ? first : std::atoll(range.c_str() + hyphen + 1);
    if (range.empty() || (first >= 2 && last <= 4094)) continue;
    diagnostics.add(
        error("Value out of range",
              fmt::format("\"{}\" lies not within 2 to 4094, the VLANs of a bridge.", range),
              bridge.span_of(Path({"vlans", std::to_string(i)}))));
  }
}

/// What a node has once: a port joins one bridge, and one interface has the default gateway.
class NodeClaims {
 public:
  explicit NodeClaims(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void add(const Resource& bridge) {
    const auto ports = texts_of(bridge, "ports");
    for (std::size_t i = 0; i < ports.size(); ++i) {
      claim(bridge, "port|" + ports[i], Path({"ports", std::to_string(i)}), "Port used twice",
            fmt::format("\"{}\" is a port of two bridges on one node.", ports[i]));
    }
    for (const char* gateway : {"gateway", "gateway6"}) {
      if (bridge.attributes.find(gateway) == nullptr) continue;
      claim(bridge, gateway, Path({gateway}), "Two default gateways",
            "A node has one default gateway: state it on one of its bridges only.");
    }
  }

 private:
  void claim(const Resource& bridge, const std::string& what, const Path& path, const char* summary,
             std::string detail) {
    const auto span = bridge.span_of(path);
    const auto [at, is_new] = claims_.emplace(bridge.address.key.value_or("") + "|" + what,
                                              std::pair(bridge.address.name, span));
    if (is_new || at->second.first == bridge.address.name) return;
    auto diagnostic = error(summary, std::move(detail), span);
    diagnostic.notes.push_back(
        {fmt::format("bridge.{} has it here", at->second.first), at->second.second});
    diagnostics_.add(std::move(diagnostic));
  }

  Diagnostics& diagnostics_;
  std::map<std::string, std::pair<std::string, Span>> claims_;
};

void check_bridges(const Topology& topology, Diagnostics& diagnostics) {
  NodeClaims claims(diagnostics);
  for (const auto& resource : topology.resources) {
    if (resource.address.type == "bridge") claims.add(resource);
  }
}

}  // namespace

ResourceSchema bridge_schema() {
  ResourceSchema result;
  result.type = "bridge";
  result.doc =
      "A Linux bridge on one or more nodes. Changes are written to the node's pending network "
      "configuration and then applied with one reload a node.";
  result.instances = Instances::per_node_required;
  result.needs_connection = true;
  result.check = check_vlans;
  result.check_topology = check_bridges;
  ObjectBuilder object;
  object
      .add(attr("nodes", list_of(string()))
               .format(Format::name)
               .effect(EffectRule::none)
               .doc("The nodes that get the bridge. Required."))
      .add(attr("iface", string())
               .identity()
               .chosen(Choice::instance_name)
               .format(Format::interface_name)
               .default_ours(Value(), "the block's name")
               .wire({"iface", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("What the node calls the interface."));
  add_link(object);
  add_addresses(object);
  object
      .add(network_attr("comment", string(), "comments")
               .canonical(CanonicalForm::trimmed_text)
               .doc("A text for people."))
      .add(attr("autostart", boolean())
               .effect(EffectRule::network_reload)
               .default_ours(Value::boolean(true))
               .wire({"autostart", {}, false, {}, Wire::Encoding::boolean, false, true})
               .doc("Brings the bridge up when the node starts."));
  result.object = object.build();
  return result;
}

}  // namespace pveplan::pve
