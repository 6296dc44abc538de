#include "providers/pve/resources/guest_parts/guest_schemas.hpp"

#include <utility>

namespace pveplan::pve {

using namespace schema;

namespace {

Wire disk_key(const char* key, Wire::Encoding encoding = Wire::Encoding::plain) {
  Wire wire;
  wire.property_key = key;
  wire.encoding = encoding;
  return wire;
}

constexpr std::int64_t kSmallestDisk = std::int64_t{1} << 20;

AttributeBuilder disk_size() {
  return attr("size", size())
      .range(kSmallestDisk, std::int64_t{1} << 50)
      .effect(EffectRule::grow_disk)
      .canonical(CanonicalForm::size_rounded_by_storage)
      .wire(disk_key("size"));
}

AttributeBuilder flag(const char* name, EffectRule effect,
                      Wire::Encoding encoding = Wire::Encoding::boolean) {
  return attr(name, boolean()).effect(effect).default_server().wire(disk_key(name, encoding));
}

ObjectBuilder& add_place(ObjectBuilder& object) {
  return object
      .add(attr("storage", string())
               .format(Format::storage_name)
               .refers_to({{"storage"}, ReferenceRule::Instance::own_node, false, true, false, {}})
               .effect(EffectRule::create_only)
               .default_ours(Value(), "the template's")
               .doc("The storage that holds the disk. A disk that the template lacks needs one."))
      .add(disk_size()
               .default_server("the template's, or the image's")
               .doc("How large the disk is. A disk grows; it never shrinks."))
      .add(attr("slot", string())
               .chosen(Choice::slot)
               .format(Format::disk_slot)
               .effect(EffectRule::identity)
               .doc("The bus and number, such as scsi1. Without it the next free scsiN, \"os\" "
                    "first; it is kept for life."))
      .add(attr("image", string())
               .refers_to({{"image"}, ReferenceRule::Instance::own_node, false, false, false, {}})
               .effect(EffectRule::create_only)
               .wire(disk_key("import-from"))
               .doc("The image that a new disk is filled from."))
      .add(attr("volume", string())
               .effect(EffectRule::create_only)
               .doc("A volume that exists already.")
               .later("pveplan does not attach existing volumes yet: take \"volume\" out."));
}

}  // namespace

ObjectSchema disk_schema() {
  ObjectBuilder object;
  add_place(object)
      .add(flag("ssd", EffectRule::restart)
               .doc("Shows the disk to the guest as one that does not "
                    "spin."))
      .add(flag("discard", EffectRule::restart, Wire::Encoding::on_ignore)
               .doc("Hands freed blocks back to the storage."))
      .add(flag("iothread", EffectRule::restart).doc("Gives the disk a thread of its own."))
      .add(attr("cache", string())
               .values({"none", "writethrough", "writeback", "unsafe", "directsync"})
               .effect(EffectRule::restart)
               .default_server()
               .wire(disk_key("cache"))
               .doc("How the host caches writes."))
      .add(flag("backup", EffectRule::live).doc("Whether backups of the guest hold the disk."))
      .add(
          attr("on_remove", string())
              .values({"destroy", "keep"})
              .effect(EffectRule::none)
              .default_always(Value::string("destroy"))
              .doc(
                  "What becomes of the disk when its entry or its guest goes: \"keep\" moves it to "
                  "a stopped holder VM."));
  return object.build();
}

ObjectSchema template_disk_schema() {
  return ObjectBuilder()
      .add(disk_size()
               .default_server("the image's")
               .doc("How large the disk is; the image is grown to it."))
      .build();
}

}  // namespace pveplan::pve
