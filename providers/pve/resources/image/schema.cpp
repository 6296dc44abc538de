#include "providers/pve/resources/image/schema.hpp"

#include "providers/pve/resources/guest_parts/guest_schemas.hpp"

namespace pveplan::pve {

using namespace schema;

namespace {

ObjectBuilder& add_source(ObjectBuilder& object) {
  return object
      .add(attr("url", string())
               .format(Format::url)
               .effect(EffectRule::replaces)
               .wire({"url", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("Where the node downloads the image from."))
      .add(attr("file", string())
               .format(Format::file)
               .effect(EffectRule::create_only)
               .doc("A file on this machine that is uploaded."))
      .add(attr("known", string())
               .matches("[a-z][a-z0-9]*(-[a-z0-9.]+)+",
                        "a distribution and a version such as "
                        "\"debian-12\"")
               .effect(EffectRule::create_only)
               .doc("The cloud image of a distribution that pveplan knows the address of, such as "
                    "\"debian-12\"."))
      .add(attr("checksum", string())
               .format(Format::checksum)
               .effect(EffectRule::replaces)
               .wire({"checksum", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("The checksum that the file must have: \"sha256:…\", \"sha512:…\"."))
      .add(attr("checksum_url", string())
               .format(Format::url)
               .effect(EffectRule::create_only)
               .doc("Where the publisher lists checksums, such as SHA256SUMS; `pveplan lock` reads "
                    "it."))
      .constraint({CrossConstraint::Kind::exactly_one_of, {"url", "file", "known"}, {}})
      .constraint({CrossConstraint::Kind::at_most_one_of, {"checksum", "checksum_url"}, {}});
}

}  // namespace

ResourceSchema image_schema() {
  ResourceSchema result;
  result.type = "image";
  result.doc =
      "A disk image, ISO or container template on a storage. Its name carries a part of the pinned "
      "checksum, so a new version is a new file and never changes one in use.";
  result.instances = Instances::per_node_default;
  result.needs_connection = true;
  ObjectBuilder object;
  object
      .add(attr("nodes", list_of(string()))
               .format(Format::name)
               .effect(EffectRule::none)
               .doc("The nodes that get a copy. Without it, those where a template or guest that "
                    "uses the image is placed."))
      .add(attr("storage", string())
               .required()
               .identity()
               .format(Format::storage_name)
               .refers_to({{"storage"}, ReferenceRule::Instance::own_node, false, true, false, {}})
               .wire({"storage", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("The storage that holds the file."));
  add_source(object);
  object
      .add(attr("name", string())
               .identity()
               .matches("[A-Za-z0-9][A-Za-z0-9._-]*",
                        "a file name of letters, digits, \".\", \"_\" "
                        "and \"-\"")
               .max_length(200)
               .default_ours(Value(), "the block's name and 12 digits of the checksum")
               .wire({"filename", {}, false, {}, Wire::Encoding::plain, true, false})
               .doc("The file's name on the storage, without its suffix."))
      .add(
          attr("content", string())
              .identity()
              .values({"import", "iso", "vztmpl", "container"})
              .default_ours(Value(), "import where a template, vm or disk uses the image, else iso")
              .wire({"content", {}, false, {}, Wire::Encoding::plain, true, false})
              .doc("What the storage keeps it as. \"container\" is another word for Proxmox's "
                   "\"vztmpl\"."))
      .add(attr("size", size())
               .effect(EffectRule::none)
               .doc("Bytes of the file, from the lock file.")
               .later("The lock file holds it, and `pveplan lock` finds it out: take it out."))
      .add(attr("format", string())
               .effect(EffectRule::none)
               .doc("\"qcow2\" or \"raw\", from the lock file.")
               .later("The lock file holds it, and `pveplan lock` finds it out: take it out."))
      .add(attr("id", string())
               .computed()
               .doc("The volume, such as \"local:import/debian12.qcow2\"."));
  add_timeouts(object, {Timeout::create, Timeout::remove});
  result.object = object.build();
  return result;
}

}  // namespace pveplan::pve
