#include "lab/api/qemu_disks.hpp"

#include "lab/api/qemu_config.hpp"
#include "lab/core/text.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

constexpr std::int64_t kCloudInitSize = 4 * 1024 * 1024;
constexpr std::int64_t kTpmSize = 4 * 1024 * 1024;

using Made = std::expected<std::string, std::string>;

/// Firmware variables as they lie in their image.
std::int64_t efi_size(const Drive& drive) {
  return drive.key("efitype") == "4m" ? 528 * 1024 : 128 * 1024;
}

void log_all(const DiskPlace& place, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) place.log(line);
}

std::string amount_text(std::int64_t bytes) {
  double value = static_cast<double>(bytes);
  for (const char* unit : {"B", "KiB", "MiB", "GiB"}) {
    if (value < 1024) return fmt::format("{:.1f} {}", value, unit);
    value /= 1024;
  }
  return fmt::format("{:.1f} TiB", value);
}

void log_transfer(const DiskPlace& place, std::int64_t size) {
  const std::string total = amount_text(size);
  place.log(fmt::format("transferred 0.0 B of {} (0.00%)", total));
  place.log(fmt::format("transferred {0} of {0} (100.00%)", total));
}

const StorageDefinition* storage_of(const World& world, const std::string& storage) {
  const auto found = world.storage.definitions.find(storage);
  return found == world.storage.definitions.end() ? nullptr : &found->second;
}

std::string plugin_line(const World& world, const StorageDefinition& definition) {
  if (definition.type != "lvmthin") return {};
  return fmt::format(" at /usr/share/perl5/PVE/Storage/LvmThinPlugin.pm line {}.",
                     world.is_version_9() ? 102 : 89);
}

std::string extent_text(std::int64_t bytes) {
  constexpr std::int64_t kGibibyte = 1024LL * 1024 * 1024;
  if (bytes >= kGibibyte)
    return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / static_cast<double>(kGibibyte));
  return fmt::format("{:.2f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

/// LVM gives whole extents only, and says so.
void log_rounding(const DiskPlace& place, const StorageDefinition& definition, std::int64_t size) {
  const std::int64_t rounded = round_volume_size(definition.type, size);
  if (!definition.type.starts_with("lvm") || rounded == size) return;
  place.log("  Rounding up size to full physical extent " + extent_text(rounded));
}

/// Allocates and tells; the volid.
Made allocate(const DiskPlace& place, const NewVolume& wanted) {
  auto made = allocate_volume(place.world, wanted);
  if (made) {
    log_rounding(place, place.world.storage.definitions.at(wanted.storage), wanted.size);
    log_all(place, made->log);
    return made->volid;
  }
  const StorageDefinition* definition = storage_of(place.world, wanted.storage);
  const bool died = definition != nullptr && made.error().starts_with("unsupported format");
  return std::unexpected(made.error() + (died ? plugin_line(place.world, *definition) : ""));
}

NewVolume wish_for(const DiskPlace& place, const std::string& storage, std::int64_t size,
                   const std::string& format = {}) {
  return {storage, place.node, place.vmid, size, format, {}, {}};
}

std::string cloud_init_file(int vmid, const std::string& format, bool suffixed) {
  return fmt::format("vm-{}-cloudinit{}", vmid, suffixed ? "." + format : "");
}

Made make_cloud_init(const DiskPlace& place, const std::string& name, Drive drive,
                     const std::string& storage) {
  const StorageDefinition* definition = storage_of(place.world, storage);
  if (definition == nullptr)
    return std::unexpected(fmt::format("storage '{}' does not exist", storage));
  const bool files = is_file_based(definition->type);
  std::string format = drive.key("format");
  if (format.empty()) format = files ? "qcow2" : "raw";
  NewVolume wanted = wish_for(place, storage, kCloudInitSize, format);
  wanted.file = cloud_init_file(place.vmid, format, files);
  const auto volid = allocate(place, wanted);
  if (!volid) return volid;
  drive.file = *volid;
  drive.keys.erase("format");
  drive.keys["media"] = "cdrom";
  place.log(fmt::format("{}: successfully created disk '{}'", name, print_drive(drive)));
  return print_drive(drive);
}

/// The volume behind an absolute path.
std::string volid_of_path(const DiskPlace& place, const std::string& path) {
  for (const auto& [storage, nodes] : place.world.storage.volumes) {
    for (const auto& [node, volumes] : nodes) {
      for (const auto& [name, volume] : volumes) {
        const std::string volid = storage + ":" + name;
        if (volume_path(place.world.storage, volid) == path) return volid;
      }
    }
  }
  return {};
}

std::expected<Copied, std::string> import_disk(const DiskPlace& place, const std::string& name,
                                               const Drive& drive, const std::string& storage) {
  const std::string source = drive.key("import-from");
  const bool is_path = source.starts_with("/");
  const std::string volid = is_path ? volid_of_path(place, source) : source;
  const Volume* volume = find_volume(place.world, volid, place.node);
  if (volume == nullptr) {
    const std::string path = is_path ? source : volume_path(place.world.storage, volid);
    return std::unexpected(fmt::format("failed to stat '{}'", path));
  }
  CopyWish wish{volume->content == "images" ? name : "", volid, storage, drive.key("format")};
  const std::string shown = wish.drive.empty() ? "drive" : "drive " + wish.drive;
  wish.quiet = is_path;
  if (!is_path) place.log(fmt::format("create full clone of {} ({})", shown, source));
  return copy_volume(place, wish);
}

Made make_disk(const DiskPlace& place, const std::string& name, Drive drive, const NewDisk& fresh,
               std::vector<std::string>& made) {
  const std::string storage = fresh.storage.empty() ? place.default_storage : fresh.storage;
  if (!drive.key("import-from").empty()) {
    const auto copied = import_disk(place, name, drive, storage);
    if (!copied) return std::unexpected(copied.error());
    drive.file = copied->volid;
    drive.keys["size"] = std::to_string(copied->size);
  } else {
    std::int64_t size = bytes_of_gib(fresh.size);
    if (name == "efidisk0") size = efi_size(drive);
    if (name == "tpmstate0") size = kTpmSize;
    const auto volid = allocate(place, wish_for(place, storage, size, drive.key("format")));
    if (!volid) return volid;
    drive.file = *volid;
    if (name == "efidisk0") {
      log_transfer(place, size);
      size = find_volume(place.world, *volid, place.node)->size;
    }
    drive.keys["size"] = std::to_string(size);
  }
  if (name == "efidisk0" && drive.key("pre-enrolled-keys") == "1") drive.keys["ms-cert"] = "2023k";
  drive.keys.erase("format");
  drive.keys.erase("import-from");
  made.push_back(drive.file);
  place.log(fmt::format("{}: successfully created disk '{}'", name, print_drive(drive)));
  return print_drive(drive);
}

Made attach_existing(const DiskPlace& place, Drive drive) {
  if (drive.is_empty() || drive.file.starts_with("/")) return print_drive(drive);
  const Volume* volume = find_volume(place.world, drive.file, place.node);
  if (volume == nullptr) {
    const auto id = parse_volume_id(drive.file);
    const StorageDefinition* definition = id ? storage_of(place.world, id->storage) : nullptr;
    if (definition != nullptr && definition->type.starts_with("lvm")) {
      return std::unexpected(
          fmt::format("no such logical volume {}/{}", definition->options.at("vgname"), id->name));
    }
    return std::unexpected(fmt::format("volume '{}' does not exist", drive.file));
  }
  drive.keys["size"] = std::to_string(volume->size);
  return print_drive(drive);
}

/// The format of a copy: what was asked for or what the source has, if the target knows it.
std::string copy_format(const DiskPlace& place, const CopyWish& wish, const Volume& source,
                        const StorageDefinition& target) {
  const auto known = disk_formats(target);
  const std::string hint = wish.format.empty() ? source.format : wish.format;
  if (is_in(known, hint)) return hint;
  if (!wish.format.empty() && place.world.is_version_9()) {
    place.log(
        fmt::format("format '{}' is not supported by the target storage '{}' - using '{}' instead",
                    hint, wish.storage, known.front()));
  }
  return known.front();
}

}  // namespace

std::expected<GuestOptions, std::string> make_disks(const DiskPlace& place,
                                                    const GuestOptions& drives,
                                                    std::vector<std::string>& made) {
  GuestOptions result;
  const int major = place.world.release.major;
  for (const auto& [name, value] : drives) {
    const auto drive = parse_drive(major, value);
    if (!drive) return std::unexpected("unable to parse drive options");
    const auto storage = parse_new_cloud_init(drive->file);
    const auto fresh = drive->is_cdrom() ? std::nullopt : parse_new_disk(drive->file);
    Made text = storage ? make_cloud_init(place, name, *drive, *storage)
                : fresh ? make_disk(place, name, *drive, *fresh, made)
                        : attach_existing(place, *drive);
    if (!text) return std::unexpected(text.error());
    if (storage) made.push_back(text->substr(0, text->find(',')));
    result[name] = *text;
  }
  return result;
}

std::expected<Copied, std::string> copy_volume(const DiskPlace& place, const CopyWish& wish) {
  const StorageDefinition* target = storage_of(place.world, wish.storage);
  const Volume* found = find_volume(place.world, wish.source, place.node);
  if (target == nullptr)
    return std::unexpected(fmt::format("storage '{}' does not exist", wish.storage));
  if (found == nullptr)
    return std::unexpected(fmt::format("volume '{}' does not exist", wish.source));
  const Volume source = *found;
  const std::string format = copy_format(place, wish, source, *target);
  std::int64_t size = source.size;
  if (wish.efi) size = source.size > 128 * 1024 ? 528 * 1024 : source.size;
  NewVolume wanted = wish_for(place, wish.storage, size, format);
  if (wish.cloud_init)
    wanted.file = cloud_init_file(place.vmid, format, is_file_based(target->type));
  const auto volid = allocate(place, wanted);
  if (!volid) return std::unexpected(volid.error());
  if (place.world.is_version_9() && !wish.quiet)
    place.log(fmt::format("allocated target volume '{}'", *volid));
  Volume& copy = *find_volume(place.world, *volid, place.node);
  copy.used = std::max(copy.used, std::min(source.used, copy.size));
  if (!wish.cloud_init && !wish.efi) log_transfer(place, size);
  return Copied{*volid, copy.size};
}

bool can_be_linked(const World& world, const std::string& volid) {
  const auto id = parse_volume_id(volid);
  const StorageDefinition* definition = id ? storage_of(world, id->storage) : nullptr;
  if (definition == nullptr || definition->type == "lvm") return false;
  const auto name = parse_volume_name(*definition, id->name);
  return name && name->is_base;
}

std::expected<Copied, std::string> link_volume(const DiskPlace& place, const std::string& drive,
                                               const std::string& source) {
  const VolumeId id = *parse_volume_id(source);
  const StorageDefinition& definition = place.world.storage.definitions.at(id.storage);
  const Volume base = *find_volume(place.world, source, place.node);
  place.log(fmt::format("create linked clone of drive {} ({})", drive, source));
  const bool files = is_file_based(definition.type);
  NewVolume wanted = wish_for(place, id.storage, base.size, files ? "qcow2" : base.format);
  wanted.base = id.name;
  if (files) {
    const std::string file =
        next_disk_name(place.world, id.storage, place.node, place.vmid, "qcow2");
    place.log(fmt::format("clone {0}: images, {1}, {2} to {1} (base=../{3})", id.name, file,
                          place.vmid, id.name));
    wanted.file = file;
  }
  const auto volid = allocate(place, wanted);
  if (!volid) return std::unexpected(volid.error());
  return Copied{*volid, base.size};
}

bool is_owned(const World& world, const std::string& volid, int vmid) {
  const auto id = parse_volume_id(volid);
  const StorageDefinition* definition = id ? storage_of(world, id->storage) : nullptr;
  if (definition == nullptr) return false;
  const auto name = parse_volume_name(*definition, id->name);
  return name && name->content == "images" && name->guest == vmid;
}

void keep_unused(const World& world, int vmid, Guest& guest, const Drive& drive) {
  if (drive.is_cdrom() || drive.is_empty() || !is_owned(world, drive.file, vmid)) return;
  for (const auto& [name, value] : guest.options) {
    if (is_unused_name(name) && value == drive.file) return;
  }
  for (int i = 0; i < 256; ++i) {
    if (guest.options.try_emplace(fmt::format("unused{}", i), drive.file).second) return;
  }
}

void free_owned(const DiskPlace& place, const std::string& volid) {
  if (!is_owned(place.world, volid, place.vmid)) return;
  const auto freed = free_volume(place.world, volid, place.node);
  if (freed) {
    log_all(place, *freed);
  } else {
    place.log(freed.error());
  }
}

void log_mirror(const DiskPlace& place, const std::string& drive, bool for_clone) {
  const bool nine = place.world.is_version_9();
  const std::string job = (nine ? "mirror-" : "drive-") + drive;
  place.log("drive mirror is starting for drive-" + drive);
  place.log("all 'mirror' jobs are ready");
  if (!for_clone) {
    place.log(job + ": Completing block job...");
    place.log(job + ": Completed successfully.");
    place.log(job + ": mirror-job finished");
    return;
  }
  if (nine) place.log("skipping guest filesystem freeze - disabled in VM options");
  place.log("suspend vm");
  place.log(job + ": Cancelling block job");
  place.log(job + ": Done.");
  place.log("resume vm");
}

std::int64_t bytes_to_copy(const World& world, const std::string& volid, const std::string& node) {
  const Volume* volume = find_volume(world, volid, node);
  return volume == nullptr ? 0 : volume->size;
}

}  // namespace pveplan::lab
