#include "providers/pve/resources/vm/schema.hpp"

#include "providers/pve/resources/guest_parts/guest_schemas.hpp"
#include "providers/pve/resources/vm/disk_rules.hpp"

#include <string>

namespace pveplan::pve {

using namespace schema;

namespace {

std::string not_yet(const char* what) {
  return std::string("pveplan does not act on \"") + what + "\" yet. Take it out.";
}

void add_identity(ObjectBuilder& object) {
  object
      .add(attr("name", string())
               .chosen(Choice::instance_name)
               .format(Format::dns_name)
               .effect(EffectRule::cloud_init)
               .default_ours(Value(), "the block's name, or NAME-KEY with a key")
               .option("name")
               .doc("The name in Proxmox, and the guest's host name."))
      .add(attr("vmid", integer())
               .chosen(Choice::vmid)
               .range(100, 999'999'999)
               .effect(EffectRule::identity)
               .wire({"vmid", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("The number in Proxmox. Without it the lowest free one of `vmids`; it is kept "
                    "for life."))
      .add(attr("node", string())
               .chosen(Choice::node)
               .format(Format::name)
               .refers_to({{"node"}, ReferenceRule::Instance::explicit_key, false, true, false, {}})
               .effect(EffectRule::live)
               .doc("The node to run on. Without it `placement` chooses one; a live move alone is "
                    "shown and left."))
      .add(attr("placement", string())
               .values({"fewest", "spread", "memory"})
               .effect(EffectRule::none)
               .default_always(Value::string("fewest"))
               .doc("How the node is chosen, once: \"fewest\" takes the one with the fewest guests "
                    "of "
                    "this topology, then of all, then by name; \"spread\" keeps the instances of a "
                    "block apart; \"memory\" takes the most free memory."))
      .add(attr("apart", string())
               .format(Format::name)
               .effect(EffectRule::none)
               .doc("A label: guests with the same one go to different nodes where possible."));
}

void add_origin(ObjectBuilder& object) {
  object
      .add(attr("template", string())
               .refers_to({{"template"}, ReferenceRule::Instance::own_node, true, false, false, {}})
               .effect(EffectRule::create_only)
               .doc("The [template.NAME] that the VM is cloned from; \"live:9000\" or "
                    "\"live:NAME\" for "
                    "one that exists and is not declared."))
      .add(attr("image", string())
               .refers_to({{"image"}, ReferenceRule::Instance::own_node, false, false, false, {}})
               .effect(EffectRule::create_only)
               .doc("The [image.NAME] that disk.os is filled from."))
      .add(attr("iso", string())
               .effect(EffectRule::create_only)
               .doc("An installation medium.")
               .later(not_yet("iso")))
      .add(attr("clone", string())
               .values({"full", "linked"})
               .effect(EffectRule::create_only)
               .default_ours(Value::string("full"), "for a VM from a template")
               .only_with("template")
               .doc("Whether the clone copies the template's disks or builds on them."))
      .constraint({CrossConstraint::Kind::at_most_one_of,
                   {"template", "image", "iso"},
                   "A VM comes from one of them, or is empty."})
      .constraint({CrossConstraint::Kind::requires_other, {"clone", "template"}, {}});
}

void add_life(ObjectBuilder& object) {
  object
      .add(attr("onboot", boolean())
               .effect(EffectRule::live)
               .default_server()
               .wire({"onboot", {}, false, {}, Wire::Encoding::boolean, false, true})
               .doc("Starts the guest with its node."))
      .add(attr("power", string())
               .values({"running", "stopped"})
               .effect(EffectRule::none)
               .default_server("started once after it was made, then not managed")
               .doc("Whether the guest runs."))
      .add(attr("restart", string())
               .values({"never", "now"})
               .value_later("window",
                            "restart = \"window\" needs a restart window, which pveplan "
                            "does not have yet: write \"never\" or \"now\".")
               .effect(EffectRule::none)
               .default_always(Value::string("never"))
               .doc("\"never\": what needs a restart stays pending and the plan says so. \"now\": "
                    "apply "
                    "restarts the guest through the server."))
      .add(attr("force_stop", boolean())
               .effect(EffectRule::none)
               .default_always(Value::boolean(false))
               .doc("Stops the guest hard when it does not shut down in time."))
      .add(attr("max_unavailable", integer())
               .later_except(Value::integer(1),
                             "Restarts go one guest at a time so far: write 1, or leave it out.")
               .effect(EffectRule::none)
               .default_always(Value::integer(1))
               .doc("How many instances may be down at once."))
      .add(
          attr("wait", list_of(string()))
              .matches("agent|ssh|ip|port:[0-9]{1,5}",
                       "\"agent\", \"ip\", \"ssh\" or \"port:\" and a number")
              .effect(EffectRule::none)
              .doc(
                  "What must answer after a start, one after the other, before the guest counts as "
                  "made or restarted, and what needs it begins: \"agent\" is the guest agent, "
                  "\"ip\" an address that the agent tells (the stated one, where one is "
                  "stated), \"ssh\" an SSH server on port 22 of the guest's address, seen from "
                  "here, \"port:N\" whatever accepts connections on port N there. Without it a "
                  "new guest counts when it runs."))
      .add(attr("wait_timeout", duration())
               .range(1, 86'400)
               .effect(EffectRule::none)
               .doc("How long that may take; without it 5 minutes. What does not answer in time is "
                    "an error: the guest stays up, and the next apply waits for it again."));
  add_timeouts(object, {Timeout::create, Timeout::update, Timeout::remove, Timeout::shutdown,
                        Timeout::lock});
}

void add_later(ObjectBuilder& object) {
  for (const char* name : {"before", "allow_replace", "efi", "tpm", "hostpci", "usb"}) {
    object.add(attr(name, any()).doc("Not supported yet.").later(not_yet(name)));
  }
}

void add_parts(ObjectBuilder& object) {
  object
      .add(attr("disk", keyed_part(disk_schema()))
               .effect(EffectRule::hotplug_disk)
               .wire({{}, {}, false, {"scsi", "virtio", "sata", "ide"}, {}, false, true})
               .doc("Disks by name. \"os\" of a clone is the template's; another name is a new "
                    "disk."))
      .add(attr("nic", keyed_part(nic_schema()))
               .effect(EffectRule::hotplug_nic)
               .wire({{}, {}, false, {"net", "network"}, {}, false, true})
               .doc("Network interfaces by name."))
      .add(attr("cloud_init", object_of(cloud_init_schema()))
               .effect(EffectRule::cloud_init)
               .doc("What cloud-init sets up. The drive sits on a SCSI slot."))
      .constraint({CrossConstraint::Kind::one_part_only,
                   {"nic", "gateway"},
                   "A guest has one default gateway: state it on one NIC only."})
      .constraint({CrossConstraint::Kind::one_part_only,
                   {"nic", "gateway6"},
                   "A guest has one IPv6 gateway: state it on one NIC only."});
}

void add_exports(ObjectBuilder& object) {
  object.add(attr("id", integer()).computed().doc("The VMID."))
      .add(attr("ip", string())
               .computed()
               .doc("The address, without its prefix, of the NIC in the lowest slot."))
      .add(attr("ips", list_of(string())).computed().doc("The addresses of all NICs."))
      .add(attr("mac", string()).computed().doc("The MAC of the NIC in the lowest slot."));
}

}  // namespace

ResourceSchema vm_schema() {
  ResourceSchema result;
  result.type = "vm";
  result.doc =
      "A virtual machine: cloned from a template, made from an image, or empty. What the topology "
      "does not state is left to Proxmox and not managed.";
  result.takes_profiles = true;
  result.repeatable = true;
  result.needs_connection = true;
  result.check = check_vm;
  ObjectBuilder object;
  add_identity(object);
  add_origin(object);
  add_hardware(object);
  add_description(object);
  add_life(object);
  add_parts(object);
  add_later(object);
  add_exports(object);
  result.object = object.build();
  return result;
}

}  // namespace pveplan::pve
