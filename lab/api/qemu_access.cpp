#include "lab/api/qemu_access.hpp"

#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/api/storage_config.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"
#include "lab/world/volumes.hpp"

#include <fmt/format.h>

#include <map>

namespace pveplan::lab {
namespace {

/// Options by the right that they need; what is in no row only root may set.
const std::map<std::string, std::string>& option_rights() {
  static const std::map<std::string, std::string> kRights = [] {
    const std::map<std::string, std::string> rows{
        {"VM.Config.CPU", "cores cpu cpulimit cpuunits numa smp sockets vcpus"},
        {"VM.Config.Memory", "memory balloon shares allow-ksm"},
        {"VM.Config.HWType",
         "acpi hotplug kvm machine scsihw smbios1 tablet vga watchdog audio0 rng0"},
        {"VM.Config.Options",
         "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name "
         "onboot ostype protection reboot startdate startup tdf template freeze"},
        {"VM.Config.Disk", "boot bootdisk vmstatestorage"},
        {"VM.Config.Cloudinit",
         "cicustom cipassword citype ciuser ciupgrade nameserver searchdomain sshkeys"},
    };
    std::map<std::string, std::string> rights;
    for (const auto& [right, names] : rows) {
      for (const std::string& name : split_list(names)) rights[name] = right;
    }
    return rights;
  }();
  return kRights;
}

std::string right_of(const std::string& option) {
  if (const auto found = option_rights().find(option); found != option_rights().end())
    return found->second;
  if (matches(option, "numa[0-9]+")) return "VM.Config.CPU";
  if (matches(option, "net[0-9]+")) return "VM.Config.Network";
  if (matches(option, "ipconfig[0-9]+")) return "VM.Config.Cloudinit";
  if (matches(option, "virtiofs[0-9]+")) return "VM.Config.Disk";
  return {};
}

/// Looked at with their values.
bool is_checked_elsewhere(const std::string& option) {
  return is_drive_name(option) || option == "cdrom" || option == "tags" ||
         matches(option, "(unused|serial|usb|hostpci)[0-9]+");
}

std::string guest_path(int vmid) { return fmt::format("/vms/{}", vmid); }

std::unexpected<Failure> root_only_option(const std::string& option, const char* what = "") {
  return fail(fmt::format("only root can set '{}' config{}", option, what));
}

Attempt<const StorageDefinition*> find_storage(const Call& call, const std::string& storage) {
  const auto found = call.world.storage.definitions.find(storage);
  if (found == call.world.storage.definitions.end())
    return fail(fmt::format("storage '{}' does not exist", storage));
  return &found->second;
}

/// The text of a refusal that the server forgot to end with a newline.
std::unexpected<Failure> no_paths(const Call& call) {
  return fail(
      fmt::format("Only root can pass arbitrary filesystem paths. at "
                  "/usr/share/perl5/PVE/Storage.pm line {}.",
                  call.major() >= 9 ? 651 : 581));
}

Attempt<void> check_volume_owner(const Call& call, int vmid, const std::string& storage,
                                 const VolumeName& name) {
  if (name.content == "images" && name.guest == vmid) return {};
  const std::string path = "/storage/" + storage;
  if (name.content != "images")
    return require_any(call.world, call.caller.who, path,
                       {"Datastore.AllocateSpace", "Datastore.Audit"});
  return require_privilege(call.world, call.caller.who, path, "Datastore.Audit");
}

Attempt<void> check_existing_volume(const Call& call, int vmid, const std::string& volid) {
  if (volid.starts_with("/")) {
    if (call.is_root()) return {};
    return no_paths(call);
  }
  const auto id = parse_volume_id(volid);
  if (!id) return fail(fmt::format("unable to parse volume ID '{}'", volid));
  const auto storage = find_storage(call, id->storage);
  if (!storage) return std::unexpected(storage.error());
  const auto name = parse_volume_name(**storage, id->name);
  if (!name) return fail(name.error());
  return check_volume_owner(call, vmid, id->storage, *name);
}

/// Drives without a volume, and those that make one.
Attempt<void> check_drive_storage(const Call& call, int vmid, const Drive& drive,
                                  const std::string& default_storage) {
  if (drive.file == "cdrom")
    return require_privilege(call.world, call.caller.who, "/", "Sys.Console");
  if (drive.is_empty()) return {};
  if (const auto storage = parse_new_cloud_init(drive.file)) {
    const auto space = require_space(call, *storage);
    return space ? Attempt<void>{} : std::unexpected(space.error());
  }
  const auto fresh = drive.is_cdrom() ? std::nullopt : parse_new_disk(drive.file);
  if (!fresh) return check_existing_volume(call, vmid, drive.file);
  const std::string storage = fresh->storage.empty() ? default_storage : fresh->storage;
  if (storage.empty()) return fail("no storage ID specified (and no default storage)");
  const auto space = require_space(call, storage);
  if (!space) return std::unexpected(space.error());
  if (const std::string source = drive.key("import-from"); !source.empty())
    return check_existing_volume(call, vmid, source);
  return {};
}

/// The kind of content behind a volid; empty when it cannot be told.
std::string content_of(const Call& call, const std::string& volid) {
  const auto id = parse_volume_id(volid);
  if (!id) return {};
  const auto storage = call.world.storage.definitions.find(id->storage);
  if (storage == call.world.storage.definitions.end()) return {};
  const auto name = parse_volume_name(storage->second, id->name);
  return name ? name->content : std::string{};
}

}  // namespace

Attempt<void> require_on_guest(const Call& call, int vmid, const std::string& pool,
                               const std::string& privilege) {
  if (!pool.empty() && call.may("/pool/" + pool, privilege)) return {};
  return require_privilege(call.world, call.caller.who, guest_path(vmid), privilege);
}

Attempt<void> check_option_rights(const Call& call, int vmid, const std::string& pool,
                                  const std::vector<std::string>& options) {
  if (call.is_root()) return {};
  for (const std::string& option : options) {
    if (is_checked_elsewhere(option)) continue;
    const std::string right = right_of(option);
    if (right.empty()) return root_only_option(option);
    if (right == "VM.Config.Cloudinit") {
      if (!pool.empty() && call.may_any("/pool/" + pool, {right, "VM.Config.Network"})) continue;
      const auto allowed =
          require_any(call.world, call.caller.who, guest_path(vmid), {right, "VM.Config.Network"});
      if (!allowed) return allowed;
      continue;
    }
    if (const auto allowed = require_on_guest(call, vmid, pool, right); !allowed) return allowed;
    if (option != "startup") continue;
    if (const auto allowed = require_privilege(call.world, call.caller.who, "/", "Sys.Modify");
        !allowed)
      return allowed;
  }
  return {};
}

Attempt<void> check_device_rights(const Call& call, int vmid, const GuestOptions& options) {
  if (call.is_root()) return {};
  for (const auto& [name, value] : options) {
    const bool serial = matches(name, "serial[0-9]+");
    const bool usb = matches(name, "usb[0-9]+");
    const bool pci = matches(name, "hostpci[0-9]+");
    if (!serial && !usb && !pci) continue;
    const bool mapped = value.find("mapping=") != std::string::npos;
    const bool harmless =
        serial ? value == "socket" : mapped || (usb && value.find("spice") != std::string::npos);
    if (!harmless) {
      return root_only_option(name, pci ? " for non-mapped devices" : " for real devices");
    }
    if (const auto allowed = require_on_guest(call, vmid, {}, "VM.Config.HWType"); !allowed)
      return allowed;
  }
  return {};
}

Attempt<const StorageDefinition*> require_space(const Call& call, const std::string& storage) {
  const auto allowed = require_privilege(call.world, call.caller.who, "/storage/" + storage,
                                         "Datastore.AllocateSpace");
  if (!allowed) return std::unexpected(allowed.error());
  const auto definition = find_storage(call, storage);
  if (!definition) return definition;
  if (!is_in(split_list(storage_option(**definition, "content")), "images"))
    return bad_parameter("storage",
                         fmt::format("storage '{}' does not support vm images", storage));
  return definition;
}

Attempt<void> check_storage_rights(const Call& call, int vmid, const GuestOptions& options,
                                   const std::string& default_storage) {
  for (const auto& [name, value] : options) {
    if (!is_drive_name(name)) continue;
    const auto drive = parse_drive(call.major(), value);
    if (!drive) continue;
    const auto allowed = check_drive_storage(call, vmid, *drive, default_storage);
    if (!allowed) return allowed;
    if (!drive->is_cdrom() && content_of(call, drive->file) == "iso")
      return bad_parameter(name, "explicit 'media=cdrom' is required for iso images");
  }
  return {};
}

Attempt<void> check_drive_rules(const Call& call, const std::string& name, const Drive& drive) {
  const std::string source = drive.key("import-from");
  if (source.empty()) return {};
  const auto fresh = parse_new_disk(drive.file);
  if (!fresh || std::stod(fresh->size) != 0) {
    return bad_parameter(name,
                         "'import-from' requires special syntax - use <storage "
                         "ID>:0,import-from=<source>");
  }
  if (name == "efidisk0") {
    for (const char* key : {"efitype", "pre-enrolled-keys"}) {
      if (drive.key(key).empty())
        return bad_parameter(name,
                             fmt::format("need to specify '{}' when using 'import-from'", key));
    }
  }
  if (name == "tpmstate0" && drive.key("version").empty())
    return bad_parameter(name, "need to specify 'version' when using 'import-from'");
  const std::string content = content_of(call, source);
  if (!content.empty() && content != "images" && content != "import") {
    return bad_parameter(
        name,
        fmt::format("{} has wrong type '{}' - needs to be 'images' or 'import'", source, content));
  }
  return {};
}

Attempt<void> check_bridge_rights(const Call& call, const GuestOptions& options) {
  for (const auto& [name, value] : options) {
    if (!matches(name, "net[0-9]+")) continue;
    const auto nic = parse_property_string(nic_format(call.major()), value, name, {call.major()});
    if (!nic || !nic->contains("bridge")) continue;
    std::string path = "/sdn/zones/localnetwork/" + nic->at("bridge");
    if (nic->contains("tag")) path += "/" + nic->at("tag");
    if (const auto allowed = require_privilege(call.world, call.caller.who, path, "SDN.Use");
        !allowed)
      return allowed;
  }
  return {};
}

Attempt<void> check_skiplock(const Call& call) {
  if (!call.parameters.flag("skiplock") || call.is_root()) return {};
  return bad_parameter("skiplock", "Only root may use this option.");
}

Attempt<void> check_pool_exists(const Call& call) {
  const std::string pool = call.parameters.text("pool");
  if (pool.empty() || call.world.access.pools.contains(pool)) return {};
  return denied(fmt::format("pool '{}' does not exist", pool));
}

}  // namespace pveplan::lab
