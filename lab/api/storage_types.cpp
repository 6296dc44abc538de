#include "lab/api/storage_types.hpp"

#include "lab/api/storage_config.hpp"
#include "lab/core/text.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace pveplan::lab {
namespace {

/// Names separated by spaces; the rules of a type in the words of its plugin.
struct StorageType {
  std::string_view name, contents, default_contents;
  std::string_view fixed, required, fixed_optional, optional;
};

constexpr StorageType kTypes[]{
    {"btrfs", "backup images import iso none rootdir snippets vztmpl", "images rootdir", "path", "",
     "",
     "content create-base-path create-subdirs disable format is_mountpoint max-protected-backups "
     "maxfiles mkdir nocow nodes preallocation prune-backups shared"},
    {"cephfs", "backup import iso snippets vztmpl", "backup", "path", "", "",
     "bwlimit content content-dirs create-base-path create-subdirs disable format fs-name fuse "
     "keyring max-protected-backups maxfiles mkdir monhost nodes options prune-backups subdir "
     "username"},
    {"cifs", "backup images import iso rootdir snippets vztmpl", "images", "path server share", "",
     "snapshot-as-volume-chain",
     "bwlimit content content-dirs create-base-path create-subdirs disable domain format "
     "max-protected-backups maxfiles mkdir nodes options password preallocation prune-backups "
     "smbversion subdir username"},
    {"dir", "backup images import iso none rootdir snippets vztmpl", "images rootdir", "path", "",
     "snapshot-as-volume-chain",
     "bwlimit content content-dirs create-base-path create-subdirs disable format is_mountpoint "
     "max-protected-backups maxfiles mkdir nodes preallocation prune-backups shared"},
    {"esxi", "import", "import", "", "server username", "",
     "content disable nodes password port shared skip-cert-verification"},
    {"glusterfs", "backup images import iso snippets vztmpl", "images", "path volume", "", "",
     "bwlimit content create-base-path create-subdirs disable format max-protected-backups "
     "maxfiles "
     "mkdir nodes preallocation prune-backups server server2 transport"},
    {"iscsi", "images none", "images", "portal target", "", "", "bwlimit content disable nodes"},
    {"iscsidirect", "images none", "images", "portal target", "", "",
     "bwlimit content disable nodes"},
    {"lvm", "images rootdir", "images", "vgname", "", "base",
     "bwlimit content disable nodes saferemove saferemove-stepsize saferemove_throughput shared "
     "snapshot-as-volume-chain tagged_only"},
    {"lvmthin", "images rootdir", "images rootdir", "thinpool vgname", "", "",
     "bwlimit content disable nodes"},
    {"nfs", "backup images import iso rootdir snippets vztmpl", "images", "export path server", "",
     "snapshot-as-volume-chain",
     "bwlimit content content-dirs create-base-path create-subdirs disable format "
     "max-protected-backups maxfiles mkdir nodes options preallocation prune-backups"},
    {"pbs", "backup none", "backup", "datastore server", "", "",
     "content disable encryption-key fingerprint master-pubkey max-protected-backups maxfiles "
     "namespace nodes password port prune-backups username"},
    {"rbd", "images rootdir", "images", "", "", "",
     "bwlimit content data-pool disable keyring krbd monhost namespace nodes pool username"},
    {"zfs", "images", "images", "blocksize iscsiprovider pool portal target", "", "",
     "bwlimit comstar_hg comstar_tg content disable lio_tpg nodes nowritecache sparse "
     "zfs-base-path"},
    {"zfspool", "images rootdir", "images rootdir", "pool", "", "",
     "blocksize bwlimit content disable mountpoint nodes sparse"},
};

const StorageType* storage_type(const std::string& name) {
  const auto found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [&](const StorageType& type) { return type.name == name; });
  return found == std::end(kTypes) ? nullptr : found;
}

bool lists(std::string_view names, const std::string& name) {
  const auto all = split(names, ' ');
  return std::find(all.begin(), all.end(), name) != all.end();
}

/// Network file systems mount below /mnt/pve unless told otherwise.
bool has_default_path(const std::string& type) {
  return matches(type, "nfs|cifs|cephfs|glusterfs");
}

const PropertyFormat& bandwidth_limits() {
  const auto limit = [](const char* name) { return number(name).at_least(0).optional(); };
  static const PropertyFormat kFormat{
      {limit("clone"), limit("default"), limit("migration"), limit("move"), limit("restore")}, ""};
  return kFormat;
}

/// What exists in POST and PUT alike.
std::vector<Parameter> common_parameters(int major) {
  const auto word = [](const char* name) { return text(name).optional(); };
  const auto named = [](const char* name, const char* format) {
    return text(name).of_format(format).optional();
  };
  std::vector<Parameter> list{
      storage_id(),
      text("bwlimit").made_of(bandwidth_limits()).optional(),
      named("content", "pve-storage-content-list"),
      named("content-dirs", "pve-dir-override-list"),
      text("domain").up_to(256).optional(),
      text("fingerprint").matching("([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}").optional(),
      text("format").one_of({"raw", "qcow2", "subvol", "vmdk"}).optional(),
      named("fs-name", "pve-configid"),
      integer("max-protected-backups").at_least(-1).optional(),
      integer("maxfiles").at_least(0).optional().only_in(8),
      named("monhost", "pve-storage-portal-dns-list"),
      named("mountpoint", "pve-storage-path"),
      named("nodes", "pve-node-list"),
      named("options", "pve-storage-options"),
      text("password").up_to(256).optional(),
      integer("port").between(1, 65535).optional(),
      text("preallocation").one_of({"off", "metadata", "falloc", "full"}).optional(),
      named("prune-backups", "prune-backups"),
      named("server", "pve-storage-server"),
      named("subdir", "pve-storage-path"),
      text("smbversion").one_of({"default", "2.0", "2.1", "3", "3.0", "3.11"}).optional(),
      named("zfs-base-path", "pve-storage-path")};
  for (const char* name : {"blocksize", "comstar_hg", "comstar_tg", "data-pool", "encryption-key",
                           "is_mountpoint", "keyring", "lio_tpg", "master-pubkey", "namespace",
                           "pool", "saferemove_throughput", "username"}) {
    list.push_back(word(name));
  }
  for (const char* name : {"create-base-path", "create-subdirs", "disable", "fuse", "krbd", "mkdir",
                           "nocow", "nowritecache", "saferemove", "shared",
                           "skip-cert-verification", "sparse", "tagged_only"}) {
    list.push_back(flag(name).optional());
  }
  if (major >= 9) {
    list.push_back(flag("snapshot-as-volume-chain").optional());
    list.push_back(
        integer("saferemove-stepsize").one_of({"1", "2", "4", "8", "16", "32"}).optional());
  } else {
    list.push_back(text("server2").of_format("pve-storage-server").with("server").optional());
    list.push_back(text("transport").one_of({"tcp", "rdma", "unix"}).optional());
  }
  return list;
}

void add_creation_parameters(int major, std::vector<Parameter>& list) {
  list.push_back(text("type").one_of(storage_types(major)));
  for (const char* name : {"authsupported", "datastore", "iscsiprovider", "share", "target"}) {
    list.push_back(text(name).optional());
  }
  list.push_back(text("base").of_format("pve-volume-id").optional());
  for (const char* name : {"export", "path"}) {
    list.push_back(text(name).of_format("pve-storage-path").optional());
  }
  list.push_back(text("portal").of_format("pve-storage-portal-dns").optional());
  for (const char* name : {"thinpool", "vgname"}) {
    list.push_back(text(name).of_format("pve-storage-vgname").optional());
  }
  if (major < 9) list.push_back(text("volume").optional());
}

}  // namespace

OptionRule storage_option_rule(const std::string& type, const std::string& option) {
  const StorageType* found = storage_type(type);
  if (found == nullptr) return OptionRule::unknown;
  if (option == "path" && has_default_path(type)) return OptionRule::fixed_optional;
  if (lists(found->fixed, option)) return OptionRule::fixed;
  if (lists(found->required, option)) return OptionRule::required;
  if (lists(found->fixed_optional, option)) return OptionRule::fixed_optional;
  return lists(found->optional, option) ? OptionRule::optional : OptionRule::unknown;
}

std::vector<std::string> needed_storage_options(const std::string& type) {
  std::vector<std::string> needed;
  const StorageType* found = storage_type(type);
  if (found == nullptr) return needed;
  for (const std::string& name :
       split_list(std::string(found->fixed) + " " + std::string(found->required))) {
    if (name != "path" || !has_default_path(type)) needed.push_back(name);
  }
  return needed;
}

std::vector<std::string> usable_contents(const std::string& type,
                                         const std::vector<std::string>& wanted) {
  std::vector<std::string> usable;
  const StorageType* found = storage_type(type);
  for (const std::string& content : wanted) {
    if (found != nullptr && lists(found->contents, content)) usable.push_back(content);
  }
  return usable;
}

std::vector<std::string> default_contents(const std::string& type) {
  const StorageType* found = storage_type(type);
  return found == nullptr ? std::vector<std::string>{} : split_list(found->default_contents);
}

bool is_secret_option(const std::string& option) {
  return matches(option, "password|keyring|encryption-key|master-pubkey");
}

bool is_numeric_option(const std::string& option) {
  static const std::set<std::string> kNumbers = [] {
    std::set<std::string> names;
    for (const int major : {8, 9}) {
      for (const Parameter& parameter : common_parameters(major)) {
        const bool number = parameter.kind == Parameter::Kind::boolean ||
                            parameter.kind == Parameter::Kind::integer;
        if (number) names.insert(parameter.name);
      }
    }
    return names;
  }();
  return kNumbers.contains(option);
}

std::vector<Parameter> storage_parameters(int major, bool creating) {
  std::vector<Parameter> list = common_parameters(major);
  if (creating) {
    add_creation_parameters(major, list);
  } else {
    list.push_back(text("delete").of_format("pve-configid-list").up_to(4096).optional());
    list.push_back(text("digest").up_to(64).optional());
  }
  return list;
}

}  // namespace pveplan::lab
