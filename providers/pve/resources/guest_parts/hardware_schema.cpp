#include "providers/pve/resources/guest_parts/guest_schemas.hpp"

#include <utility>

namespace pveplan::pve {

using namespace schema;

namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

AttributeBuilder option(const char* name, Type type, const char* api_option, EffectRule effect) {
  auto attribute = attr(name, std::move(type));
  attribute.effect(effect).default_server().option(api_option);
  return attribute;
}

ObjectSchema agent_schema() {
  const auto key = [](const char* name) {
    Wire wire;
    wire.property_key = name;
    wire.encoding = Wire::Encoding::boolean;
    return wire;
  };
  auto enabled = key("enabled");
  enabled.default_key = true;
  return ObjectBuilder()
      .add(attr("enabled", boolean())
               .required()
               .effect(EffectRule::restart)
               .wire(enabled)
               .doc("Whether Proxmox talks to the guest agent."))
      .add(attr("fstrim_cloned_disks", boolean())
               .effect(EffectRule::live)
               .wire(key("fstrim_cloned_disks"))
               .doc("Trims disks after they were moved or the guest migrated."))
      .add(attr("freeze_fs_on_backup", boolean())
               .effect(EffectRule::restart)
               .wire(key("freeze-fs-on-backup"))
               .doc("Freezes file systems while a backup starts."))
      .add(attr("type", string())
               .values({"virtio", "isa"})
               .effect(EffectRule::restart)
               .wire({{}, "type", false, {}, Wire::Encoding::plain, false, true})
               .doc("The device that the agent listens on."))
      .build();
}

void add_processor(ObjectBuilder& object) {
  object
      .add(option("cores", integer(), "cores", EffectRule::restart)
               .range(1, 8192)
               .doc("Cores of each socket."))
      .add(option("sockets", integer(), "sockets", EffectRule::restart)
               .range(1, 64)
               .doc("Processors of the machine."))
      .add(option("cpu", string(), "cpu", EffectRule::restart)
               .matches("[A-Za-z0-9][A-Za-z0-9._-]*(,[a-z-]+=[^,]+)*",
                        "a CPU type such as \"host\", with options behind commas")
               .canonical(CanonicalForm::property_string)
               .doc("The CPU type that the guest sees, as Proxmox writes it: \"host\", "
                    "\"x86-64-v2-AES,flags=+aes\"."))
      .add(option("memory", size(), "memory", EffectRule::hotplug_memory)
               .range(16 * kMebibyte, std::int64_t{1} << 50)
               .whole(kMebibyte)
               .wire({"memory", {}, false, {}, Wire::Encoding::mebibytes, false, true})
               .doc("Memory, in whole MiB."));
}

}  // namespace

void add_hardware(ObjectBuilder& object) {
  add_processor(object);
  object
      .add(option("machine", string(), "machine", EffectRule::restart)
               .matches("(pc|pc(-i440fx)?-[0-9]+(\\.[0-9]+)+(\\+pve[0-9]+)?(\\.pxe)?|q35|"
                        "pc-q35-[0-9]+(\\.[0-9]+)+(\\+pve[0-9]+)?(\\.pxe)?)(,[a-z0-9-]+=[^,]+)*",
                        "a machine type such as \"q35\" or \"pc-i440fx-9.2\"")
               .canonical(CanonicalForm::property_string)
               .doc("The machine that is emulated."))
      .add(option("bios", string(), "bios", EffectRule::restart)
               .values({"seabios", "ovmf"})
               .doc("The firmware; \"ovmf\" is UEFI."))
      .add(attr("scsi_controller", string())
               .values({"lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas",
                        "pvscsi"})
               .effect(EffectRule::restart)
               .default_ours(Value::string("virtio-scsi-single"), "for a VM that is not a clone")
               .only_without("template")
               .option("scsihw")
               .doc("The controller of SCSI disks."))
      .add(attr("agent", one_of({boolean(), object_of(agent_schema())}))
               .effect(EffectRule::restart)
               .canonical(CanonicalForm::property_string)
               .default_server("as the template, else off")
               .option("agent")
               .doc("The guest agent: true, false, or a table of its options."));
}

void add_description(ObjectBuilder& object) {
  object
      .add(option("description", string(), "description", EffectRule::live)
               .max_length(8000)
               .canonical(CanonicalForm::trimmed_text)
               .doc("A text for people; pveplan adds its marker as the last line."))
      .add(option("tags", set_of(string()), "tags", EffectRule::live)
               .format(Format::tag)
               .canonical(CanonicalForm::tags)
               .wire({"tags", {}, false, {}, Wire::Encoding::semicolon_list, false, true})
               .doc("Tags; tags that others add stay."))
      .add(
          option("pool", string(), "pool", EffectRule::live)
              .refers_to({{"pool"}, ReferenceRule::Instance::explicit_key, true, false, false, {}})
              .doc("The [pool.NAME] that the guest belongs to."))
      .add(option("protect", boolean(), "protection", EffectRule::none)
               .wire({"protection", {}, false, {}, Wire::Encoding::boolean, false, true})
               .doc("Sets Proxmox's protection flag, and pveplan refuses every plan that would "
                    "destroy or replace the guest, also once its block is gone."));
}

}  // namespace pveplan::pve
