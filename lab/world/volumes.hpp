#pragma once

#include "lab/world/world.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rules of volumes, by type of storage: names, formats, paths, rounding, and what making and
/// removing one leaves in a task's log. Errors are the server's texts, without a newline.
namespace pveplan::lab {

/// "local:iso/x.iso" taken apart.
struct VolumeId {
  std::string storage;
  std::string name;  ///< what follows the colon
};
/// nullopt when the text is no volid.
std::optional<VolumeId> parse_volume_id(std::string_view volid);

/// Volumes are files of a directory; else they are block devices.
bool is_file_based(std::string_view storage_type);
/// Formats of disks that a storage can hold, its default first.
std::vector<std::string> disk_formats(const StorageDefinition& definition);

/// What a volume's name says under the rules of its storage.
struct VolumeName {
  std::string content;  ///< "images", "iso" …
  std::string file;     ///< without folder and base: "vm-100-disk-0.qcow2"
  std::string format;
  int guest = 0;
  bool is_base = false;
  std::string base;  ///< the base volume of a linked clone, as a name of its own
};
/// The error reads "unable to parse directory volume name 'x'" or alike.
std::expected<VolumeName, std::string> parse_volume_name(const StorageDefinition& definition,
                                                         const std::string& name);

/// The node under which a storage's volumes are kept: "" when it is shared.
std::string volume_place(const Storages& storages, const std::string& storage,
                         const std::string& node);
/// By name; empty when nothing lies there.
const std::map<std::string, Volume>& volumes_on(const World& world, const std::string& storage,
                                                const std::string& node);
/// nullptr when it does not exist on that node.
Volume* find_volume(World& world, const std::string& volid, const std::string& node);
const Volume* find_volume(const World& world, const std::string& volid, const std::string& node);
/// All volumes that belong to a guest on one storage, as volids.
std::vector<std::string> volumes_of_guest(const World& world, const std::string& storage,
                                          const std::string& node, int guest);
/// Where a volume is in the file system of its node; empty when its name cannot be read.
std::string volume_path(const Storages& storages, const std::string& volid);

/// A size in bytes as the storage really gives it: whole KiB of files, whole extents of LVM.
std::int64_t round_volume_size(std::string_view storage_type, std::int64_t size);
/// The next free "vm-100-disk-N" with the suffix or folder that the storage wants; `prefix` is
/// "vm", "base" or "subvol", and numbers of all of them are taken.
std::string next_disk_name(const World& world, const std::string& storage, const std::string& node,
                           int guest, const std::string& format, const std::string& prefix = "vm");

struct NewVolume {
  std::string storage, node;
  int guest = 0;
  std::int64_t size = 0;  ///< bytes
  std::string format;     ///< empty: the default of the storage
  std::string file;       ///< "vm-100-cloudinit" or such without folder; empty: next_disk_name
  std::string base;       ///< the name of a linked clone's base volume
};
struct MadeVolume {
  std::string volid;
  std::vector<std::string> log;
};
/// Makes a disk. Refuses formats that the storage does not know, names that exist, and sizes for
/// which a storage without thin provisioning has no room.
std::expected<MadeVolume, std::string> allocate_volume(World& world, const NewVolume& wanted);

/// Removes a volume and gives the log; one that is gone already is no error, a base volume that a
/// linked clone needs is.
std::expected<std::vector<std::string>, std::string> free_volume(World& world,
                                                                 const std::string& volid,
                                                                 const std::string& node);

/// Gives a volume another name on the same storage, `file` without folder: a template's
/// "base-100-disk-0", or a disk that goes to another guest. The volid of the result.
MadeVolume rename_volume(World& world, const std::string& volid, const std::string& node, int guest,
                         const std::string& file);

/// Grows a volume to `size` bytes and gives the log; to refuse smaller sizes is the caller's
/// matter.
std::vector<std::string> resize_volume(World& world, const std::string& volid,
                                       const std::string& node, std::int64_t size);

}  // namespace pveplan::lab
