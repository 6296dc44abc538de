#include "lab/api/qemu_apply.hpp"

#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>

namespace pveplan::lab {
namespace {

/// Whether a live change works; false leaves it pending, the error is a failure of the attempt.
using Plugged = std::expected<bool, std::string>;

struct HotplugFeatures {
  bool network = false, disk = false, usb = false, cpu = false, memory = false;
};

HotplugFeatures hotplug_features(const GuestOptions& options) {
  std::string text = option_of(options, "hotplug", "1");
  if (text == "1") text = "network,disk,usb";
  const auto list = split_list(text);
  return {is_in(list, "network"), is_in(list, "disk"), is_in(list, "usb"), is_in(list, "cpu"),
          is_in(list, "memory")};
}

/// Options that the process need not know.
bool is_fast(const std::string& name) {
  return matches(name,
                 "description|hookscript|lock|migrate_downtime|migrate_speed|name|onboot|"
                 "protection|shares|startup|tags|vmstatestorage|citype|ciuser|cipassword|ciupgrade|"
                 "cicustom|searchdomain|nameserver|sshkeys|ipconfig[0-9]+");
}

using Properties = std::map<std::string, std::string>;

Properties properties_of(const PropertyFormat& format, int major, const std::string& text) {
  return parse_property_string(format, text, {}, {major}).value_or(Properties{});
}

std::string property(const Properties& properties, const std::string& key) {
  const auto found = properties.find(key);
  return found == properties.end() ? std::string{} : found->second;
}

/// One attempt to bring a pending change into a running machine.
class Plugger {
 public:
  Plugger(const DiskPlace& place, Guest& guest)
      : place_(place), guest_(guest), features_(hotplug_features(guest.options)) {}

  Plugged set(const std::string& name, const std::string& value) {
    if (is_fast(name)) return true;
    if (matches(name, "net[0-9]+")) return set_nic(name, value);
    if (is_drive_name(name)) return set_drive(name, value);
    if (name == "hotplug") return !touches_fixed_features(value);
    if (name == "tablet" || matches(name, "usb[0-9]+")) return features_.usb;
    if (name == "vcpus") return features_.cpu;
    if (name == "memory") return features_.memory;
    if (name == "balloon") return has_balloon(guest_.options) == (value != "0");
    if (name == "agent") return same_agent(value);
    return name == "cpuunits" || name == "cpulimit";
  }

  Plugged drop(const std::string& name) {
    if (is_fast(name)) return true;
    if (matches(name, "net[0-9]+")) {
      if (!features_.network) return false;
      return unplug(name);
    }
    if (is_drive_name(name)) {
      const auto drive = parse_drive(major(), option_of(guest_.options, name));
      if (!features_.disk || !matches(name, "(scsi|virtio)[0-9]+")) return false;
      return drive ? unplug(name) : Plugged{true};
    }
    if (name == "hotplug") return !touches_fixed_features("1");
    if (name == "tablet" || matches(name, "usb[0-9]+")) return features_.usb;
    if (name == "vcpus") return features_.cpu;
    if (name == "balloon") return has_balloon(guest_.options);
    return name == "cpuunits" || name == "cpulimit";
  }

 private:
  int major() const { return place_.world.release.major; }

  static bool has_balloon(const GuestOptions& options) {
    return option_of(options, "balloon", "1") != "0";
  }

  bool touches_fixed_features(const std::string& value) const {
    const auto next = split_list(value);
    return features_.memory != is_in(next, "memory") || features_.cpu != is_in(next, "cpu");
  }

  bool same_agent(const std::string& value) const {
    Properties before =
        properties_of(agent_format(major()), major(), option_of(guest_.options, "agent"));
    Properties after = properties_of(agent_format(major()), major(), value);
    before.erase("fstrim_cloned_disks");
    after.erase("fstrim_cloned_disks");
    return before == after;
  }

  /// Without an operating system nobody releases a device that was there at the start.
  Plugged unplug(const std::string& name) const {
    const bool original =
        guest_.process && guest_.process->options.contains(name) && matches(name, "net[0-9]+");
    if (place_.world.systems.installed || !original) return true;
    return std::unexpected(fmt::format("error on hot-unplugging device '{}'{}\n", name,
                                       major() >= 9 ? " - still busy in guest?" : ""));
  }

  bool has_bridge(const Properties& nic) const {
    const std::string bridge = property(nic, "bridge");
    const auto& links = place_.world.nodes.at(place_.node).network.links;
    return bridge.empty() || is_in(links, bridge);
  }

  Plugged set_nic(const std::string& name, const std::string& value) {
    const Properties after = properties_of(nic_format(major()), major(), value);
    if (guest_.options.contains(name)) {
      const Properties before =
          properties_of(nic_format(major()), major(), guest_.options.at(name));
      const bool same_device = std::ranges::all_of(
          std::vector{"model", "macaddr", "queues", "mtu"},
          [&](const char* key) { return property(before, key) == property(after, key); });
      if (same_device) {
        if (has_bridge(after)) return true;
        return std::unexpected(
            fmt::format("bridge '{}' does not exist\n", property(after, "bridge")));
      }
      if (!features_.network) return false;
      if (const auto released = unplug(name); !released) return released;
    }
    if (!features_.network) return false;
    if (has_bridge(after)) return true;
    return std::unexpected(
        fmt::format("VM {} qmp command 'netdev_add' failed - network script "
                    "/usr/libexec/qemu-server/pve-bridge-hotplug failed with status 512\n",
                    place_.vmid));
  }

  Plugged set_drive(const std::string& name, const std::string& value) {
    if (name == "efidisk0" || name == "tpmstate0") return false;
    const auto after = parse_drive(major(), value);
    if (!after) return false;
    if (guest_.options.contains(name)) {
      const auto before = parse_drive(major(), guest_.options.at(name));
      if (before && before->is_cdrom() != after->is_cdrom())
        return std::unexpected("unable to change media type\n");
      if (after->is_cdrom()) return true;
      if (before && before->file == after->file) return only_live_keys(*before, *after);
      if (!features_.disk) return false;
    }
    return features_.disk && matches(name, "(scsi|virtio)[0-9]+");
  }

  static bool only_live_keys(const Drive& before, const Drive& after) {
    return std::ranges::all_of(std::vector{"aio", "discard", "detect_zeroes", "iothread", "queues",
                                           "product", "cache", "ssd", "vendor", "ro"},
                               [&](const char* key) { return before.key(key) == after.key(key); });
  }

  const DiskPlace& place_;
  Guest& guest_;
  HotplugFeatures features_;
};

/// A drive that is no longer attached: kept, or destroyed when that was asked for.
void let_go(const DiskPlace& place, Guest& guest, const std::string& value, bool destroy) {
  const auto drive = parse_drive(place.world.release.major, value);
  if (!drive) return;
  if (drive->is_cloud_init() || (destroy && !drive->is_cdrom())) {
    free_owned(place, drive->file);
  } else {
    keep_unused(place.world, place.vmid, guest, *drive);
  }
}

void drop_option(const DiskPlace& place, Guest& guest, const std::string& name, bool destroy) {
  const auto value = guest.options.extract(name);
  if (value && is_drive_name(name)) let_go(place, guest, value.mapped(), destroy);
}

void set_option(const DiskPlace& place, Guest& guest, const std::string& name,
                const std::string& value) {
  const int major = place.world.release.major;
  if (is_drive_name(name)) {
    const std::string old = option_of(guest.options, name);
    const auto before = old.empty() ? std::nullopt : parse_drive(major, old);
    const auto after = parse_drive(major, value);
    guest.options.erase(name);
    if (before && after && before->file != after->file) let_go(place, guest, old, false);
  }
  if (name == "description" && value.empty()) {
    guest.options.erase(name);
  } else {
    guest.options[name] = value;
  }
}

}  // namespace

bool is_boot_cdrom(int major, const std::string& value) {
  const auto drive = parse_drive(major, value);
  if (!drive || !drive->is_cdrom()) return false;
  return !drive->is_cloud_init() && !parse_new_cloud_init(drive->file);
}

void forget_idle_pending(Guest& guest) {
  std::erase_if(guest.pending, [&](const auto& item) {
    const auto current = guest.options.find(item.first);
    return current != guest.options.end() && current->second == item.second;
  });
  std::erase_if(guest.pending_deletes,
                [&](const auto& item) { return !guest.options.contains(item.first); });
}

void forget_used_volumes(int major, Guest& guest) {
  std::set<std::string> used;
  for (const GuestOptions* section : {&guest.options, &guest.pending}) {
    for (const auto& [name, value] : drives_of(*section)) {
      if (const auto drive = parse_drive(major, value)) used.insert(drive->file);
    }
  }
  std::erase_if(guest.options, [&](const auto& item) {
    return is_unused_name(item.first) && used.contains(item.second);
  });
}

void apply_pending(const DiskPlace& place, Guest& guest) {
  const auto deletes = std::exchange(guest.pending_deletes, {});
  for (const auto& [name, destroy] : deletes) drop_option(place, guest, name, destroy);
  const GuestOptions pending = std::exchange(guest.pending, {});
  bool new_cloud_init = false;
  for (const auto& [name, value] : pending) {
    set_option(place, guest, name, value);
    const auto drive =
        is_drive_name(name) ? parse_drive(place.world.release.major, value) : std::nullopt;
    new_cloud_init = new_cloud_init || (drive && drive->is_cloud_init());
  }
  forget_used_volumes(place.world.release.major, guest);
  if (new_cloud_init) place.log("generating cloud-init ISO");
}

std::map<std::string, std::string> hotplug_pending(const DiskPlace& place, Guest& guest,
                                                   const std::set<std::string>& selection) {
  std::map<std::string, std::string> errors;
  Plugger plugger(place, guest);
  const auto judge = [&](const std::string& name, const Plugged& plugged) {
    if (!plugged) errors[name] = "hotplug problem - " + plugged.error();
    return plugged.value_or(false);
  };
  for (const auto& [name, destroy] : std::map(guest.pending_deletes)) {
    if (!is_fast(name) && !selection.contains(name)) continue;
    if (!judge(name, plugger.drop(name))) continue;
    drop_option(place, guest, name, destroy);
    guest.pending_deletes.erase(name);
  }
  for (const auto& [name, value] : GuestOptions(guest.pending)) {
    if (!is_fast(name) && !selection.contains(name)) continue;
    if (!judge(name, plugger.set(name, value))) continue;
    set_option(place, guest, name, value);
    guest.pending.erase(name);
  }
  forget_used_volumes(place.world.release.major, guest);
  return errors;
}

}  // namespace pveplan::lab
