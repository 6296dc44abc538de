#include "providers/pve/resources/guest_parts/guest_schemas.hpp"

#include <utility>

namespace pveplan::pve {

using namespace schema;

namespace {

Wire nic_key(const char* key, Wire::Encoding encoding = Wire::Encoding::plain) {
  Wire wire;
  wire.property_key = key;
  wire.encoding = encoding;
  return wire;
}

/// Cloud-init hands addresses to the guest: they are in effect after its next start.
AttributeBuilder address(const char* name, Format format, const char* key) {
  return attr(name, string()).format(format).effect(EffectRule::cloud_init).wire(nic_key(key));
}

ObjectBuilder& add_nic_link(ObjectBuilder& object) {
  return object
      .add(attr("bridge", string())
               .format(Format::interface_name)
               .refers_to({{"bridge"}, ReferenceRule::Instance::own_node, false, true, false, {}})
               .effect(EffectRule::replug_nic)
               .default_server("the template's")
               .wire(nic_key("bridge"))
               .doc("The bridge that the NIC is plugged into."))
      .add(attr("vlan", integer())
               .range(1, 4094)
               .effect(EffectRule::replug_nic)
               .default_server("untagged")
               .wire(nic_key("tag"))
               .doc("The VLAN on that bridge."))
      .add(attr("model", string())
               .values({"virtio", "e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em",
                        "e1000e", "i82551", "i82557b", "i82559er", "ne2k_isa", "ne2k_pci", "pcnet",
                        "rtl8139", "vmxnet3"})
               .effect(EffectRule::hotplug_nic)
               .default_ours(Value::string("virtio"))
               .wire({{}, "model", true, {}, Wire::Encoding::plain, false, true})
               .doc("The device that the guest sees."))
      .add(attr("mac", string())
               .chosen(Choice::mac)
               .format(Format::mac)
               .effect(EffectRule::hotplug_nic)
               .wire(nic_key("macaddr"))
               .doc("The hardware address. Without it one is chosen and kept for life."))
      .add(attr("mtu", integer())
               .range(1, 65520)
               .effect(EffectRule::hotplug_nic)
               .default_server()
               .wire(nic_key("mtu"))
               .doc("Bytes of the largest packet; 1 means that of the bridge."))
      .add(attr("firewall", boolean())
               .effect(EffectRule::replug_nic)
               .default_server()
               .wire(nic_key("firewall", Wire::Encoding::boolean))
               .doc("Whether Proxmox's firewall watches the NIC."))
      .add(attr("slot", string())
               .chosen(Choice::slot)
               .format(Format::nic_slot)
               .effect(EffectRule::identity)
               .doc("The number, such as net1. Without it NICs with a gateway come first, then by "
                    "name; it is kept for life."));
}

}  // namespace

ObjectSchema nic_schema() {
  ObjectBuilder object;
  add_nic_link(object)
      .add(
          address("ip", Format::guest_ipv4, "ip")
              .refers_to({{"ip_pool"},
                          ReferenceRule::Instance::explicit_key,
                          false,
                          false,
                          false,
                          "pool:"})
              .chosen(Choice::address)
              .doc(
                  "The address: \"dhcp\", \"pool:NAME\" or \"10.0.0.5/24\". Without it the NIC has "
                  "none."))
      .add(
          address("gateway", Format::ipv4, "gw")
              .doc(
                  "The default gateway; on one NIC only. Without it that of the pool, on the first "
                  "NIC whose pool has one."))
      .add(address("ip6", Format::guest_ipv6, "ip6")
               .doc("The IPv6 address: \"auto\", \"dhcp\" or \"fd00::5/64\"."))
      .add(address("gateway6", Format::ipv6, "gw6").doc("The IPv6 gateway."))
      .add(attr("dns", list_of(string()))
               .format(Format::ip)
               .effect(EffectRule::cloud_init)
               .doc("Name servers. Without it those of the pool."))
      .add(attr("search", list_of(string()))
               .format(Format::dns_name)
               .effect(EffectRule::cloud_init)
               .doc("Search domains. Without it those of the pool."))
      .constraint({CrossConstraint::Kind::requires_other,
                   {"gateway", "ip"},
                   "A gateway without an address reaches nothing."})
      .constraint({CrossConstraint::Kind::requires_other, {"gateway6", "ip6"}, {}});
  return object.build();
}

ObjectSchema cloud_init_schema() {
  const auto later = "pveplan does not hand files to cloud-init yet: take it out.";
  return ObjectBuilder()
      .add(
          attr("user", string())
              .matches("[a-z_][a-z0-9_-]*", "a user name of small letters, digits, \"_\" and \"-\"")
              .max_length(32)
              .effect(EffectRule::cloud_init)
              .default_server("the image's user")
              .option("ciuser")
              .doc("The user that cloud-init makes."))
      .add(attr("ssh_keys", list_of(string()))
               .format(Format::ssh_key)
               .effect(EffectRule::cloud_init)
               .canonical(CanonicalForm::decoded_keys)
               .default_server()
               .wire({"sshkeys", {}, false, {}, Wire::Encoding::url_encoded, false, true})
               .doc("Who may log in: public keys, or names of files that hold such."))
      .add(attr("password", secret())
               .effect(EffectRule::cloud_init)
               .option("cipassword")
               .doc("The user's password, by reference."))
      .add(attr("upgrade", boolean())
               .effect(EffectRule::cloud_init)
               .default_ours(Value::boolean(false))
               .wire({"ciupgrade", {}, false, {}, Wire::Encoding::boolean, false, true})
               .doc("Upgrades all packages at the first start."))
      .add(attr("user_data", any()).doc("A file with user data of one's own.").later(later))
      .add(attr("vendor_data", any()).doc("A file with vendor data of one's own.").later(later))
      .add(attr("network_data", any()).doc("A file with network data of one's own.").later(later))
      .build();
}

}  // namespace pveplan::pve
