#include "providers/pve/resources/bridge/schema.hpp"

#include <utility>

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

}  // namespace

ResourceSchema bridge_schema() {
  ResourceSchema result;
  result.type = "bridge";
  result.doc =
      "A Linux bridge on one or more nodes. Changes are written to the node's pending network "
      "configuration and then applied with one reload a node.";
  result.instances = Instances::per_node_required;
  result.needs_connection = true;
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
