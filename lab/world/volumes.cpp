#include "lab/world/volumes.hpp"

#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace pveplan::lab {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kExtent = 4 * kMiB;
/// What an empty qcow2 of a GiB or so takes on disk, with its metadata allocated.
constexpr std::int64_t kEmptyQcow2 = 324 * kKiB;
constexpr std::int64_t kEmptyRaw = 4 * kKiB;

std::string option_of(const StorageDefinition& definition, const std::string& name) {
  const auto found = definition.options.find(name);
  return found == definition.options.end() ? std::string{} : found->second;
}

const StorageDefinition* definition_of(const Storages& storages, const std::string& storage) {
  const auto found = storages.definitions.find(storage);
  return found == storages.definitions.end() ? nullptr : &found->second;
}

/// Whether volumes take their whole size from the start.
bool is_thick(std::string_view type) { return type == "lvm"; }

bool is_lvm(std::string_view type) { return type == "lvm" || type == "lvmthin"; }

/// As LVM writes sizes: "4.20 GiB".
std::string extent_size(std::int64_t size) {
  const double mib = static_cast<double>(size / kKiB) / 1024;
  return size < 1024 * kMiB ? fmt::format("{:.2f} MiB", mib)
                            : fmt::format("{:.2f} GiB", mib / 1024);
}

int to_guest(const std::string& digits) { return static_cast<int>(to_integer(digits).value_or(0)); }

/// Folder, suffix rule and content of files that are no disks.
struct FileKind {
  const char* content;
  const char* folder;
  const char* pattern;
};
constexpr FileKind kFileKinds[] = {
    {"iso", "iso", R"([^/]+\.(?:[Ii][Ss][Oo]|[Ii][Mm][Gg]))"},
    {"vztmpl", "vztmpl", R"([^/]+\.tar(?:\.(?:gz|xz|zst|bz2))?)"},
    {"import", "import", R"([^/]+\.(?:ova|ovf|qcow2|raw|vmdk))"},
    {"snippets", "snippets", R"([^/]+)"},
    {"backup", "backup",
     R"([^/]+\.(?:tar|tar\.gz|tar\.lzo|tar\.zst|tgz|vma|vma\.gz|vma\.lzo|vma\.zst))"},
};

/// The format that a content listing shows for a file.
std::string file_format(const std::string& content, const std::string& file) {
  if (content == "iso") return "iso";
  if (content == "snippets") return "snippet";
  const std::string suffix = file.substr(file.rfind('.') + 1);
  if (content != "vztmpl") return suffix;
  static const std::map<std::string, std::string> kShort{
      {"gz", "tgz"}, {"xz", "txz"}, {"zst", "tzst"}, {"bz2", "tbz2"}};
  const auto found = kShort.find(suffix);
  return found == kShort.end() ? suffix : found->second;
}

std::optional<VolumeName> parse_file(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string folder = name.substr(0, slash);
  const std::string file = name.substr(slash + 1);
  for (const FileKind& kind : kFileKinds) {
    if (folder != kind.folder || !matches(file, kind.pattern)) continue;
    VolumeName result{kind.content, file, file_format(kind.content, file), 0, false, {}};
    static const std::regex kBackup("vzdump-(?:qemu|lxc)-([1-9][0-9]{2,8})-.*");
    std::smatch match;
    if (result.content == "backup" && std::regex_match(file, match, kBackup))
      result.guest = to_guest(match[1]);
    return result;
  }
  return std::nullopt;
}

/// "100/vm-100-disk-0.qcow2", with "100/base-…/" in front of a linked clone.
std::optional<VolumeName> parse_directory_disk(const std::string& name) {
  static const std::regex kDisk(
      R"((?:([0-9]+/base-[^/]+)/)?([0-9]+)/([^/]+\.(raw|qcow2|vmdk|subvol)))");
  std::smatch match;
  if (!std::regex_match(name, match, kDisk)) return std::nullopt;
  const std::string file = match[3];
  return VolumeName{"images", file, match[4], to_guest(match[2]), file.starts_with("base-"),
                    match[1]};
}

/// "vm-100-disk-0"; ZFS and RBD have "base-…/" in front of a linked clone.
std::optional<VolumeName> parse_block_disk(const std::string& name) {
  static const std::regex kDisk(
      R"((?:((?:base|basevol)-[0-9]+-[^/]+)/)?((vm|base|subvol|basevol)-([1-9][0-9]*)-[^/ ]+))");
  std::smatch match;
  if (!std::regex_match(name, match, kDisk)) return std::nullopt;
  const std::string kind = match[3];
  return VolumeName{"images",
                    match[2],
                    kind.ends_with("vol") ? "subvol" : "raw",
                    to_guest(match[4]),
                    kind.starts_with("base"),
                    match[1]};
}

/// How the parsers of the plugins call what they cannot read.
std::string kind_of_name(const std::string& type) {
  if (is_file_based(type)) return "directory";
  if (is_lvm(type)) return "lvm";
  return type == "zfspool" ? "zfs" : type;
}

/// The name of a disk with its folder, or with its base in front.
std::string disk_name_in_place(const StorageDefinition& definition, int guest,
                               const std::string& file, const std::string& base) {
  std::string name = is_file_based(definition.type) ? fmt::format("{}/{}", guest, file) : file;
  const bool tells_base = is_file_based(definition.type) || !is_lvm(definition.type);
  return base.empty() || !tells_base ? name : base + "/" + name;
}

std::map<std::string, Volume>& volumes_at(World& world, const std::string& storage,
                                          const std::string& node) {
  return world.storage.volumes[storage][volume_place(world.storage, storage, node)];
}

std::string formatting_line(const World& world, const std::string& path, const Volume& volume) {
  if (volume.format != "qcow2")
    return fmt::format("Formatting '{}', fmt={} size={} preallocation=off", path, volume.format,
                       volume.size);
  const bool linked = !volume.parent.empty();
  const bool wide = linked && world.is_version_9();
  const std::string backing =
      linked ? fmt::format(" backing_file=../{} backing_fmt=qcow2", volume.parent) : "";
  return fmt::format(
      "Formatting '{}', fmt=qcow2 cluster_size={} extended_l2={}{} compression_type=zlib size={}{} "
      "lazy_refcounts=off refcount_bits=16",
      path, wide ? 131072 : 65536, wide ? "on" : "off",
      linked && !wide ? "" : " preallocation=metadata", volume.size, backing);
}

std::vector<std::string> creation_log(const World& world, const StorageDefinition& definition,
                                      const std::string& volid, const Volume& volume) {
  const VolumeId id = *parse_volume_id(volid);
  if (is_lvm(definition.type)) return {fmt::format("  Logical volume \"{}\" created.", id.name)};
  if (!is_file_based(definition.type) || volume.format == "subvol") return {};
  return {formatting_line(world, volume_path(world.storage, volid), volume)};
}

std::int64_t bytes_left(const World& world, const std::string& storage, const std::string& node) {
  const std::string place = volume_place(world.storage, storage, node);
  const auto spaces = world.storage.spaces.find(storage);
  if (spaces == world.storage.spaces.end() || !spaces->second.contains(place)) return 0;
  std::int64_t left = spaces->second.at(place).total - spaces->second.at(place).used_by_others;
  for (const auto& [name, volume] : volumes_on(world, storage, node)) left -= volume.used;
  return left;
}

std::int64_t first_usage(const StorageDefinition& definition, const Volume& volume) {
  if (is_thick(definition.type)) return volume.size;
  if (!is_file_based(definition.type)) return 0;
  return volume.format == "qcow2" ? kEmptyQcow2 : kEmptyRaw;
}

std::string name_taken(const StorageDefinition& definition, const std::string& path,
                       const std::string& name) {
  if (!is_lvm(definition.type)) return fmt::format("disk image '{}' already exists", path);
  const std::string group = option_of(definition, "vgname");
  return fmt::format(
      "lvcreate '{0}/{1}' error:   Logical Volume \"{1}\" already exists in volume group \"{0}\"",
      group, name);
}

/// Why this disk cannot be made; empty when it can.
std::string obstacle(const World& world, const StorageDefinition& definition,
                     const NewVolume& wanted, const Volume& volume, const std::string& volid) {
  const auto formats = disk_formats(definition);
  if (std::find(formats.begin(), formats.end(), volume.format) == formats.end())
    return fmt::format("unsupported format '{}'", volume.format);
  const VolumeId id = *parse_volume_id(volid);
  if (volumes_on(world, wanted.storage, wanted.node).contains(id.name))
    return name_taken(definition, volume_path(world.storage, volid), id.name);
  const bool fits = volume.used <= bytes_left(world, wanted.storage, wanted.node);
  if (is_thick(definition.type) && !fits) {
    return fmt::format("not enough free space ({} < {})",
                       bytes_left(world, wanted.storage, wanted.node) / kKiB, volume.size / kKiB);
  }
  return {};
}

}  // namespace

std::optional<VolumeId> parse_volume_id(std::string_view volid) {
  const auto colon = volid.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == volid.size())
    return std::nullopt;
  VolumeId id{std::string(volid.substr(0, colon)), std::string(volid.substr(colon + 1))};
  if (!matches(id.storage, "[A-Za-z][A-Za-z0-9._\\-]*[A-Za-z0-9]")) return std::nullopt;
  return id;
}

bool is_file_based(std::string_view storage_type) {
  static const std::set<std::string_view> kTypes{"dir",    "nfs",   "cifs",
                                                 "cephfs", "btrfs", "glusterfs"};
  return kTypes.contains(storage_type);
}

std::vector<std::string> disk_formats(const StorageDefinition& definition) {
  static const std::map<std::string, std::vector<std::string>> kFormats{
      {"dir", {"raw", "qcow2", "vmdk", "subvol"}},
      {"nfs", {"raw", "qcow2", "vmdk"}},
      {"cifs", {"raw", "qcow2", "vmdk"}},
      {"glusterfs", {"raw", "qcow2", "vmdk"}},
      {"btrfs", {"raw", "subvol"}},
      {"zfspool", {"raw", "subvol"}}};
  const auto found = kFormats.find(definition.type);
  std::vector<std::string> formats =
      found == kFormats.end() ? std::vector<std::string>{"raw"} : found->second;
  const bool chains = option_of(definition, "snapshot-as-volume-chain") == "1";
  if (definition.type == "lvm" && chains) formats.insert(formats.begin(), "qcow2");
  const auto preferred = std::find(formats.begin(), formats.end(), option_of(definition, "format"));
  if (preferred != formats.end()) std::rotate(formats.begin(), preferred, preferred + 1);
  return formats;
}

std::expected<VolumeName, std::string> parse_volume_name(const StorageDefinition& definition,
                                                         const std::string& name) {
  if (is_file_based(definition.type)) {
    if (auto disk = parse_directory_disk(name)) return *disk;
    if (auto file = parse_file(name)) return *file;
  } else if (auto disk = parse_block_disk(name)) {
    return *disk;
  }
  return std::unexpected(
      fmt::format("unable to parse {} volume name '{}'", kind_of_name(definition.type), name));
}

std::string volume_place(const Storages& storages, const std::string& storage,
                         const std::string& node) {
  const StorageDefinition* definition = definition_of(storages, storage);
  if (definition == nullptr) return node;
  const bool shared = option_of(*definition, "shared") == "1" ||
                      matches(definition->type, "nfs|cifs|cephfs|rbd|pbs|iscsi");
  return shared ? std::string{} : node;
}

const std::map<std::string, Volume>& volumes_on(const World& world, const std::string& storage,
                                                const std::string& node) {
  static const std::map<std::string, Volume> kNone;
  const auto nodes = world.storage.volumes.find(storage);
  if (nodes == world.storage.volumes.end()) return kNone;
  const auto found = nodes->second.find(volume_place(world.storage, storage, node));
  return found == nodes->second.end() ? kNone : found->second;
}

const Volume* find_volume(const World& world, const std::string& volid, const std::string& node) {
  const auto id = parse_volume_id(volid);
  if (!id) return nullptr;
  const auto& volumes = volumes_on(world, id->storage, node);
  const auto found = volumes.find(id->name);
  return found == volumes.end() ? nullptr : &found->second;
}

Volume* find_volume(World& world, const std::string& volid, const std::string& node) {
  return const_cast<Volume*>(find_volume(std::as_const(world), volid, node));
}

std::vector<std::string> volumes_of_guest(const World& world, const std::string& storage,
                                          const std::string& node, int guest) {
  std::vector<std::string> volids;
  for (const auto& [name, volume] : volumes_on(world, storage, node)) {
    if (volume.guest == guest && volume.content == "images") volids.push_back(storage + ":" + name);
  }
  return volids;
}

std::string volume_path(const Storages& storages, const std::string& volid) {
  const auto id = parse_volume_id(volid);
  if (!id) return {};
  const StorageDefinition* definition = definition_of(storages, id->storage);
  if (definition == nullptr) return {};
  const auto name = parse_volume_name(*definition, id->name);
  if (!name) return {};
  if (is_lvm(definition->type))
    return fmt::format("/dev/{}/{}", option_of(*definition, "vgname"), name->file);
  if (definition->type == "zfspool")
    return fmt::format("/dev/zvol/{}/{}", option_of(*definition, "pool"), name->file);
  if (!is_file_based(definition->type)) return {};
  std::string root = option_of(*definition, "path");
  if (root.empty()) root = "/mnt/pve/" + id->storage;
  if (name->content == "images")
    return fmt::format("{}/images/{}/{}", root, name->guest, name->file);
  static const std::map<std::string, std::string> kFolders{{"iso", "template/iso"},
                                                           {"vztmpl", "template/cache"},
                                                           {"import", "import"},
                                                           {"snippets", "snippets"},
                                                           {"backup", "dump"}};
  return fmt::format("{}/{}/{}", root, kFolders.at(name->content), name->file);
}

std::int64_t round_volume_size(std::string_view storage_type, std::int64_t size) {
  const auto up = [size](std::int64_t unit) { return (size + unit - 1) / unit * unit; };
  if (is_lvm(storage_type)) return up(kExtent);
  return is_file_based(storage_type) ? up(kKiB) : up(kMiB);
}

std::string next_disk_name(const World& world, const std::string& storage, const std::string& node,
                           int guest, const std::string& format, const std::string& prefix) {
  static const std::regex kNumbered("(?:vm|base|subvol|basevol)-([0-9]+)-disk-([0-9]+)(?:\\..*)?");
  std::set<int> taken;
  for (const auto& [name, volume] : volumes_on(world, storage, node)) {
    const std::string file = name.substr(name.rfind('/') + 1);
    std::smatch match;
    if (std::regex_match(file, match, kNumbered) && to_guest(match[1]) == guest)
      taken.insert(to_guest(match[2]));
  }
  int number = 0;
  while (taken.contains(number)) ++number;
  const StorageDefinition* definition = definition_of(world.storage, storage);
  const bool suffixed = definition != nullptr && (is_file_based(definition->type) ||
                                                  (definition->type == "lvm" && format == "qcow2"));
  return fmt::format("{}-{}-disk-{}{}", prefix, guest, number, suffixed ? "." + format : "");
}

std::expected<MadeVolume, std::string> allocate_volume(World& world, const NewVolume& wanted) {
  const StorageDefinition* definition = definition_of(world.storage, wanted.storage);
  if (definition == nullptr)
    return std::unexpected(fmt::format("storage '{}' does not exist", wanted.storage));
  if (option_of(*definition, "disable") == "1")
    return std::unexpected(fmt::format("storage '{}' is disabled", wanted.storage));
  Volume volume;
  volume.content = "images";
  volume.format = wanted.format.empty() ? disk_formats(*definition).front() : wanted.format;
  volume.size = round_volume_size(definition->type, wanted.size);
  volume.used = first_usage(*definition, volume);
  volume.guest = wanted.guest;
  volume.parent = wanted.base;
  volume.created = unix_seconds(world.now);
  const std::string file =
      wanted.file.empty()
          ? next_disk_name(world, wanted.storage, wanted.node, wanted.guest, volume.format,
                           volume.format == "subvol" ? "subvol" : "vm")
          : wanted.file;
  const std::string name = disk_name_in_place(*definition, wanted.guest, file, wanted.base);
  const std::string volid = wanted.storage + ":" + name;
  if (auto problem = obstacle(world, *definition, wanted, volume, volid); !problem.empty())
    return std::unexpected(std::move(problem));
  volumes_at(world, wanted.storage, wanted.node)[name] = volume;
  return MadeVolume{volid, creation_log(world, *definition, volid, volume)};
}

std::expected<std::vector<std::string>, std::string> free_volume(World& world,
                                                                 const std::string& volid,
                                                                 const std::string& node) {
  const auto id = parse_volume_id(volid);
  const StorageDefinition* definition = id ? definition_of(world.storage, id->storage) : nullptr;
  if (definition == nullptr) return std::unexpected("unable to parse volume ID '" + volid + "'");
  const auto name = parse_volume_name(*definition, id->name);
  if (!name) return std::unexpected(name.error());
  auto& volumes = volumes_at(world, id->storage, node);
  for (const auto& [other, volume] : volumes) {
    // LVM-thin does not record whose base a volume is.
    if (is_lvm(definition->type) || !name->is_base || volume.parent != id->name) continue;
    return std::unexpected(
        fmt::format("base volume '{}' is still in use by linked cloned", id->name));
  }
  const bool existed = volumes.erase(id->name) > 0;
  if (is_lvm(definition->type)) {
    if (existed)
      return std::vector{fmt::format("  Logical volume \"{}\" successfully removed.", name->file)};
    if (definition->type == "lvmthin") return std::vector<std::string>{};
    return std::unexpected(
        fmt::format("lvremove '{0}/{1}' error:   Failed to find logical volume \"{0}/{1}\"",
                    option_of(*definition, "vgname"), name->file));
  }
  if (existed) return std::vector<std::string>{};
  return std::vector{
      fmt::format("disk image '{}' does not exist", volume_path(world.storage, volid))};
}

MadeVolume rename_volume(World& world, const std::string& volid, const std::string& node, int guest,
                         const std::string& file) {
  const VolumeId id = *parse_volume_id(volid);
  const StorageDefinition& definition = *definition_of(world.storage, id.storage);
  auto& volumes = volumes_at(world, id.storage, node);
  Volume volume = volumes.at(id.name);
  const std::string old_file = parse_volume_name(definition, id.name)->file;
  volumes.erase(id.name);
  volume.guest = guest;
  const std::string name = disk_name_in_place(definition, guest, file, volume.parent);
  volumes[name] = volume;
  MadeVolume made{id.storage + ":" + name, {}};
  if (is_lvm(definition.type)) {
    made.log.push_back(fmt::format("  Renamed \"{}\" to \"{}\" in volume group \"{}\"", old_file,
                                   file, option_of(definition, "vgname")));
  }
  return made;
}

std::vector<std::string> resize_volume(World& world, const std::string& volid,
                                       const std::string& node, std::int64_t size) {
  const VolumeId id = *parse_volume_id(volid);
  const StorageDefinition& definition = *definition_of(world.storage, id.storage);
  Volume& volume = volumes_at(world, id.storage, node).at(id.name);
  const std::int64_t before = volume.size;
  volume.size = is_lvm(definition.type) ? round_volume_size(definition.type, size) : size;
  if (is_thick(definition.type)) volume.used = volume.size;
  if (is_file_based(definition.type)) return {"Image resized."};
  if (!is_lvm(definition.type)) return {};
  std::vector<std::string> log;
  if (volume.size != size) {
    log.push_back(
        fmt::format("  Rounding up size to full physical extent {}", extent_size(volume.size)));
  }
  const std::string name = option_of(definition, "vgname") + "/" + id.name;
  log.push_back(fmt::format(
      "  Size of logical volume {} changed from {} ({} extents) to {} ({} extents).", name,
      extent_size(before), before / kExtent, extent_size(volume.size), volume.size / kExtent));
  log.push_back(fmt::format("  Logical volume {} successfully resized.", name));
  return log;
}

}  // namespace pveplan::lab
