#include "providers/pve/resources/vm/disk_rules.hpp"

#include "providers/pve/resources/vm/nic_rules.hpp"
#include "providers/pve/resources/vm/wait_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace pveplan::pve {

using namespace schema;

namespace {

/// Whether the text states something, be it right or wrong: what is wrong has its error already.
bool states(const Resource& vm, std::string_view attribute) {
  return vm.tree->find(attribute) != nullptr;
}

class DiskRules {
 public:
  DiskRules(const Resource& vm, Diagnostics& diagnostics) : vm_(vm), diagnostics_(diagnostics) {}

  void check() {
    const auto* disks = vm_.tree->find("disk");
    if (disks == nullptr || disks->value->table() == nullptr) return;
    for (const auto& disk : disks->value->table()->entries) {
      if (disk.value->table() != nullptr) check_disk(disk);
    }
  }

 private:
  /// What the server has no such option for on that bus.
  void check_bus(const Entry& disk) {
    const auto* slot = disk.value->find("slot");
    const auto* bus = slot == nullptr ? nullptr : slot->value->text();
    if (bus == nullptr) return;
    const auto refuse = [&](const char* option, const char* buses) {
      const auto* stated = disk.value->find(option);
      if (stated == nullptr) return;
      add("Conflicting attributes",
          fmt::format("A disk at {} has no option {}: only {} disks do. Take it out, or give the "
                      "disk another slot.",
                      *bus, option, buses),
          *stated);
    };
    if (bus->starts_with("sata") || bus->starts_with("ide")) refuse("iothread", "scsi and virtio");
    if (bus->starts_with("virtio")) refuse("ssd", "scsi, sata and ide");
  }

  void check_disk(const Entry& disk) {
    check_bus(disk);
    const bool from_template = states(vm_, "template") && disk.key == "os";
    if (from_template) return check_cloned(disk);
    if (vm_.lifecycle.observe) return;
    if (disk.value->find("storage") == nullptr) missing_storage(disk);
    const bool filled = disk.value->find("image") != nullptr ||
                        disk.value->find("volume") != nullptr ||
                        (disk.key == "os" && states(vm_, "image"));
    if (filled || disk.value->find("size") != nullptr) return;
    add("Missing attribute",
        fmt::format("\"{}\" is a new disk and needs a size: write disk.{}.size = \"40GiB\".",
                    disk.key, disk.key),
        disk);
  }

  void missing_storage(const Entry& disk) {
    const auto why =
        states(vm_, "template")
            ? fmt::format("The template's disk is called \"os\", so \"{}\" is a new disk", disk.key)
            : fmt::format("\"{}\" is a new disk", disk.key);
    add("Missing attribute",
        fmt::format("{} and needs a storage: write disk.{}.storage = \"local-lvm\".", why,
                    disk.key),
        disk);
  }

  /// A disk of a clone has what the template's has; a linked one also lies where that lies.
  void check_cloned(const Entry& disk) {
    const auto* clone = vm_.attributes.find("clone");
    const bool linked = clone != nullptr && clone->is_string() && clone->as_string() == "linked";
    if (linked && disk.value->find("storage") != nullptr) {
      add("Conflicting attributes",
          "A linked clone's disk lies where the template's does. Take the storage out, or write "
          "clone = \"full\".",
          *disk.value->find("storage"));
    }
    if (disk.value->find("image") != nullptr) {
      add("Conflicting attributes",
          "The disk \"os\" of a clone is the template's and cannot be filled from an image.",
          *disk.value->find("image"));
    }
  }

  void add(std::string summary, std::string detail, const Entry& place) {
    diagnostics_.add(error(std::move(summary), std::move(detail), place.key_span));
  }

  const Resource& vm_;
  Diagnostics& diagnostics_;
};

/// Proxmox shows tags to everybody, and writes them in its own way: no digest of one would be known
/// again.
void check_tags(const Resource& vm, Diagnostics& diagnostics) {
  const auto* place = vm.tree->find("tags");
  const auto* tags = vm.attributes.find("tags");
  if (place == nullptr || tags == nullptr || tags->kind() != Value::Kind::list) return;
  const auto& all = tags->as_list();
  if (!tags->sensitive() &&
      std::none_of(all.begin(), all.end(), [](const Value& each) { return each.sensitive(); }))
    return;
  diagnostics.add(error("Secret in a tag",
                        "A tag is shown to everybody who sees the guest, so it cannot hold a "
                        "secret. Take the sensitive value out of \"tags\".",
                        place->key_span));
}

}  // namespace

void check_vm(const Resource& vm, Diagnostics& diagnostics) {
  check_tags(vm, diagnostics);
  DiskRules(vm, diagnostics).check();
  check_nics(vm, diagnostics);
  check_wait(vm, diagnostics);
}

}  // namespace pveplan::pve
