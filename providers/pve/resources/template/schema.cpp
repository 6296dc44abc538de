#include "providers/pve/resources/template/schema.hpp"

#include "providers/pve/resources/guest_parts/guest_schemas.hpp"
#include "schema/topology.hpp"

namespace pveplan::pve {

using namespace schema;

namespace {

void check_template(const Resource& resource, Diagnostics& diagnostics) {
  const auto* disks = resource.attributes.find("disk");
  if (disks == nullptr || !disks->has_fields()) return;
  for (const auto& [name, disk] : disks->as_fields()) {
    if (name == "os") continue;
    diagnostics.add(error("Unknown disk",
                          "A template has one disk, which is called \"os\". Add other disks to the "
                          "VMs that are cloned from it.",
                          resource.span_of(Path({"disk", name}))));
  }
}

}  // namespace

ResourceSchema template_schema() {
  ResourceSchema result;
  result.type = "template";
  result.doc =
      "A template that VMs are cloned from, made from an image: one on each node, or one on shared "
      "storage.";
  result.instances = Instances::per_node_default;
  result.needs_connection = true;
  result.check = check_template;
  ObjectBuilder object;
  object
      .add(attr("nodes", list_of(string()))
               .format(Format::name)
               .effect(EffectRule::none)
               .doc("The nodes that get a copy. Without it, those where a guest that uses the "
                    "template is placed."))
      .add(attr("image", string())
               .required()
               .refers_to({{"image"}, ReferenceRule::Instance::own_node, false, false, false, {}})
               .effect(EffectRule::create_only)
               .doc("The [image.NAME] that the disk is filled from."))
      .add(attr("storage", string())
               .required()
               .format(Format::storage_name)
               .refers_to({{"storage"}, ReferenceRule::Instance::own_node, false, true, false, {}})
               .effect(EffectRule::create_only)
               .doc("The storage that holds the template's disk."))
      .add(attr("vmid", integer())
               .chosen(Choice::vmid)
               .range(100, 999'999'999)
               .effect(EffectRule::identity)
               .wire({"vmid", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("The number in Proxmox; by node where there are several: { pve1 = 9000 }. A "
                    "fixed "
                    "one allows no second version beside the first."))
      .add(attr("name", string())
               .chosen(Choice::instance_name)
               .format(Format::dns_name)
               .effect(EffectRule::live)
               .default_ours(Value(), "the block's name")
               .option("name")
               .doc("The name in Proxmox."))
      .add(attr("guest_agent", string())
               .values({"present", "install", "none"})
               .effect(EffectRule::create_only)
               .default_ours(Value::string("none"))
               .doc("Whether the image has the guest agent, gets it at the first start of a clone, "
                    "or "
                    "has none."))
      .add(attr("disk", keyed_part(template_disk_schema()))
               .effect(EffectRule::create_only)
               .doc("The disk of a template is \"os\"."));
  add_hardware(object);
  add_description(object);
  add_timeouts(object, {Timeout::create, Timeout::update, Timeout::remove, Timeout::lock});
  object.add(attr("id", integer()).computed().doc("The VMID."));
  result.object = object.build();
  return result;
}

}  // namespace pveplan::pve
