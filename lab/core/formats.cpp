#include "lab/core/formats.hpp"

#include "lab/core/formats_storage.hpp"
#include "lab/core/privileges.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <map>

namespace pveplan::lab {
namespace {

using Complaint = std::optional<std::string>;
using Check = Complaint (*)(const std::string& text, int major);

Complaint unless(bool good, std::string complaint) {
  return good ? Complaint{} : Complaint{std::move(complaint)};
}

bool in_family(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

bool is_cidr(std::string_view text, bool v4, int longest) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto prefix = to_integer(text.substr(slash + 1));
  const auto address = text.substr(0, slash);
  return prefix && *prefix >= 1 && *prefix <= longest && (v4 ? is_ipv4(address) : is_ipv6(address));
}

Complaint check_vmid(const std::string& text, int) {
  return unless(matches(text, "[1-9][0-9]{2,8}"), "value does not look like a valid VM ID");
}

Complaint check_node(const std::string& text, int) {
  return unless(matches(text, "[a-zA-Z0-9]([a-zA-Z0-9\\-]*[a-zA-Z0-9])?"),
                "value does not look like a valid node name");
}

Complaint check_storage_id(const std::string& text, int) {
  if (text.size() < 2) {
    return fmt::format("storage ID '{}' cannot be shorter than 2 characters", text);
  }
  return unless(matches(text, "[a-zA-Z][a-zA-Z0-9\\-_.]*[a-zA-Z0-9]"),
                fmt::format("storage ID '{}' contains illegal characters", text));
}

Complaint check_configid(const std::string& text, int) {
  return unless(matches(text, "[A-Za-z][A-Za-z0-9_\\-]+"),
                fmt::format("invalid configuration ID '{}'", text));
}

Complaint check_poolid(const std::string& text, int major) {
  const auto levels = split(text, '/');
  if (levels.size() > 3) {
    return fmt::format("pool name '{}' nested too deeply (max levels = 3)", text);
  }
  bool good = true;
  for (const std::string& level : levels) good = good && matches(level, "[A-Za-z0-9.\\-_]+");
  if (major >= 9) good = good && matches(levels.back(), "[A-Za-z].*");
  return unless(good, fmt::format("pool name '{}' contains invalid characters", text));
}

Complaint check_interface(const std::string& text, int) {
  return unless(matches(text, "[a-zA-Z][a-zA-Z0-9_]{1,20}([:.][0-9]+)?"),
                fmt::format("invalid network interface name '{}'", text));
}

Complaint check_userid(const std::string& text, int) {
  const bool good =
      text.size() >= 3 && text.size() <= 64 && matches(text, "[^\\s:/]+@[A-Za-z][A-Za-z0-9.\\-_]+");
  return unless(good, fmt::format("value '{}' does not look like a valid user name", text));
}

Complaint check_tokenid(const std::string& text, int) {
  const bool good = matches(text, "[^\\s:/]+@[A-Za-z][A-Za-z0-9.\\-_]+![A-Za-z][A-Za-z0-9.\\-_]+");
  return unless(good, fmt::format("value '{}' does not look like a valid token ID", text));
}

Complaint check_groupid(const std::string& text, int) {
  return unless(matches(text, "[A-Za-z0-9.\\-_]+"),
                fmt::format("group name '{}' contains invalid characters", text));
}

Complaint check_roleid(const std::string& text, int) {
  return unless(matches(text, "[A-Za-z0-9.\\-_]+"),
                fmt::format("role name '{}' contains invalid characters", text));
}

Complaint check_realm(const std::string& text, int) {
  return unless(matches(text, "[A-Za-z][A-Za-z0-9.\\-_]+"),
                "value does not look like a valid realm");
}

Complaint check_privilege(const std::string& text, int major) {
  return unless(is_privilege(text, major), fmt::format("invalid privilege '{}'", text));
}

Complaint check_email(const std::string& text, int) {
  return unless(matches(text, "[\\w+~-]+(\\.[\\w+~-]+)*@[a-zA-Z0-9-]+(\\.[a-zA-Z0-9-]+)*"),
                "value does not look like a valid email address");
}

Complaint check_ipv4(const std::string& text, int) {
  return unless(is_ipv4(text), "value does not look like a valid IPv4 address");
}

Complaint check_ipv6(const std::string& text, int) {
  return unless(is_ipv6(text), "value does not look like a valid IPv6 address");
}

Complaint check_ip(const std::string& text, int) {
  return unless(is_ipv4(text) || is_ipv6(text), "value does not look like a valid IP address");
}

Complaint check_cidr4(const std::string& text, int) {
  return unless(is_ipv4_cidr(text), "value does not look like a valid IPv4 CIDR network");
}

Complaint check_cidr6(const std::string& text, int) {
  return unless(is_ipv6_cidr(text), "value does not look like a valid IPv6 CIDR network");
}

Complaint check_cidr(const std::string& text, int) {
  return unless(is_ipv4_cidr(text) || is_ipv6_cidr(text),
                "value does not look like a valid CIDR network");
}

/// Only dotted masks of contiguous ones: the recordings refuse a plain "24".
Complaint check_ipv4_mask(const std::string& text, int) {
  bool good = is_ipv4(text);
  if (good) {
    in_addr address{};
    inet_pton(AF_INET, text.c_str(), &address);
    const std::uint32_t ones = ~ntohl(address.s_addr);
    good = (ones & (ones + 1)) == 0 && ones != UINT32_MAX;
  }
  return unless(good, "value does not look like a valid IP netmask");
}

Complaint check_dns_name(const std::string& text, int) {
  constexpr const char* kLabel = "[a-zA-Z0-9]([a-zA-Z0-9\\-]*[a-zA-Z0-9])?";
  return unless(matches(text, fmt::format("{0}(\\.{0})*", kLabel)),
                "value does not look like a valid DNS name");
}

Complaint check_address(const std::string& text, int major) {
  const bool good = is_ipv4(text) || is_ipv6(text) || !check_dns_name(text, major);
  return unless(good, fmt::format("value does not look like a valid address: {}", text));
}

Complaint check_mac(const std::string& text, int) {
  return unless(matches(text, "[a-fA-F0-9][02468aceACE](:[a-fA-F0-9]{2}){5}"),
                "value does not look like a valid unicast MAC address");
}

Complaint check_mac_prefix(const std::string& text, int) {
  return unless(matches(text, "[a-fA-F0-9][02468aceACE](:[a-fA-F0-9]{2}){0,2}:?"),
                "value is not a valid unicast MAC address prefix");
}

Complaint check_vlan_range(const std::string& text, int) {
  const auto ends = split(text, '-');
  if (ends.size() > 2 || !matches(text, "[0-9]+(-[0-9]+)?")) {
    return fmt::format("invalid VLAN configuration '{}'", text);
  }
  for (const std::string& end : ends) {
    const auto tag = to_integer(end).value_or(0);
    if (tag < 2 || tag > 4094) return fmt::format("invalid VLAN tag '{}'", end);
  }
  if (ends.size() == 2 && to_integer(ends[0]) >= to_integer(ends[1])) {
    return fmt::format("VLAN range must go from lower to higher tag '{}'", text);
  }
  return {};
}

Complaint check_content(const std::string& text, int) {
  return unless(matches(text, "images|rootdir|vztmpl|iso|backup|snippets|none|import"),
                fmt::format("invalid content type '{}'", text));
}

Complaint check_task_status(const std::string& text, int) {
  return unless(matches(text, "ok|error|warning|unknown"),
                fmt::format("value '{}' is not a valid task status", text));
}

Complaint check_tag(const std::string& text, int) {
  return unless(matches(text, "[a-zA-Z0-9_][a-zA-Z0-9_\\-+.]*"), "invalid characters in tag");
}

Complaint check_urlencoded(const std::string& text, int) {
  return unless(matches(text, "[-%a-zA-Z0-9_.!~*'()]*"),
                fmt::format("invalid urlencoded string: {}", text));
}

Complaint check_volume_id(const std::string& text, int major) {
  const auto colon = text.find(':');
  const bool good = colon != std::string::npos && colon + 1 < text.size() &&
                    !check_storage_id(text.substr(0, colon), major);
  return unless(good, fmt::format("unable to parse volume ID '{}'", text));
}

Complaint check_disk_size(const std::string& text, int) {
  return unless(matches(text, "[0-9]+(\\.[0-9]+)?([KMGT](iB)?)?"),
                fmt::format("value does not look like a valid disk size: {}", text));
}

Complaint check_path_or_volume(const std::string& text, int major) {
  return text.starts_with("/") ? Complaint{} : check_volume_id(text, major);
}

Complaint check_drive_file(const std::string& text, int major) {
  if (text == "none" || text == "cdrom") return {};
  return check_path_or_volume(text, major);
}

Complaint check_bridge(const std::string& text, int) {
  return unless(matches(text, "[-_.\\w]+"), fmt::format("invalid bridge ID '{}'", text));
}

Complaint check_ipv4_config(const std::string& text, int) {
  return unless(text == "dhcp" || text == "manual" || is_ipv4_cidr(text),
                "value does not look like a valid ipv4 network configuration");
}

Complaint check_ipv6_config(const std::string& text, int) {
  return unless(text == "auto" || text == "dhcp" || text == "manual" || is_ipv6_cidr(text),
                "value does not look like a valid ipv6 network configuration");
}

Complaint check_startup(const std::string& text, int) {
  for (const std::string& part : split(text, ',')) {
    if (!matches(std::string(trim(part)), "(order=)?[0-9]+|(up|down)=[0-9]+"))
      return "unable to parse startup options";
  }
  return {};
}

Complaint check_hotplug(const std::string& text, int) {
  if (text == "0" || text == "1") return {};
  for (const std::string& feature : split_list(text)) {
    if (!matches(feature, "network|disk|cpu|memory|usb|cloudinit"))
      return fmt::format("invalid hotplug feature '{}'", feature);
  }
  return {};
}

Complaint check_boot_device(const std::string& text, int) {
  constexpr const char* kDevices =
      "(ide[0-3]|sata[0-5]|scsi([12]?[0-9]|30)|virtio([0-9]|1[0-5])|net([12]?[0-9]|3[01])|"
      "(hostpci|usb)[0-9]+)";
  return unless(matches(text, kDevices), fmt::format("invalid boot device '{}'", text));
}

Complaint check_boot_disk(const std::string& text, int) {
  return unless(matches(text, "(ide|sata|scsi|virtio)[0-9]+"),
                fmt::format("invalid boot disk '{}'", text));
}

Complaint check_cpu_set(const std::string& text, int) {
  return unless(matches(text, "\\s*[0-9]+(?:-[0-9]+)?(?:\\s*,\\s*[0-9]+(?:-[0-9]+)?)*\\s*"),
                "not a valid set of CPUs");
}

Complaint check_address_bits(const std::string& text, int) {
  const auto bits = to_integer(text);
  return unless(text == "host" || (bits && *bits >= 8 && *bits <= 64),
                "value must be an integer between 8 and 64 or 'host'");
}

Complaint check_storage_pair(const std::string& text, int major) {
  if (text == "1") return {};
  for (const std::string& side : split(text, ':')) {
    if (const auto complaint = check_storage_id(side, major)) return complaint;
  }
  return {};
}

const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> kChecks{
      {"pve-vmid", check_vmid},
      {"pve-node", check_node},
      {"pve-storage-id", check_storage_id},
      {"pve-configid", check_configid},
      {"pve-poolid", check_poolid},
      {"pve-iface", check_interface},
      {"pve-userid", check_userid},
      {"pve-tokenid", check_tokenid},
      {"pve-groupid", check_groupid},
      {"pve-roleid", check_roleid},
      {"pve-realm", check_realm},
      {"pve-priv", check_privilege},
      {"email", check_email},
      {"ipv4", check_ipv4},
      {"ipv6", check_ipv6},
      {"ip", check_ip},
      {"CIDRv4", check_cidr4},
      {"CIDRv6", check_cidr6},
      {"CIDR", check_cidr},
      {"ipv4mask", check_ipv4_mask},
      {"dns-name", check_dns_name},
      {"address", check_address},
      {"mac-addr", check_mac},
      {"mac-prefix", check_mac_prefix},
      {"pve-vlan-id-or-range", check_vlan_range},
      {"pve-storage-content", check_content},
      {"pve-task-status-type", check_task_status},
      {"pve-tag", check_tag},
      {"urlencoded", check_urlencoded},
      {"pve-volume-id", check_volume_id},
      {"disk-size", check_disk_size},
      {"pve-volume-id-or-qm-path", check_drive_file},
      {"pve-volume-id-or-absolute-path", check_path_or_volume},
      {"pve-bridge-id", check_bridge},
      {"pve-ipv4-config", check_ipv4_config},
      {"pve-ipv6-config", check_ipv6_config},
      {"pve-startup-order", check_startup},
      {"pve-hotplug-features", check_hotplug},
      {"pve-qm-bootdev", check_boot_device},
      {"pve-qm-bootdisk", check_boot_disk},
      {"pve-cpuset", check_cpu_set},
      {"pve-phys-bits", check_address_bits},
      {"storage-pair", check_storage_pair},
  };
  return kChecks;
}

}  // namespace

std::optional<std::string> check_format(const std::string& format, const std::string& text,
                                        int major) {
  if (format.ends_with("-opt")) {
    if (text.empty()) return {};
    return check_format(format.substr(0, format.size() - 4), text, major);
  }
  if (format.ends_with("-list")) {
    for (const std::string& item : split_list(text)) {
      if (auto complaint = check_format(format.substr(0, format.size() - 5), item, major)) {
        return complaint;
      }
    }
    return {};
  }
  if (const auto found = checks().find(format); found != checks().end())
    return found->second(text, major);
  const auto found = storage_formats().find(format);
  return found == storage_formats().end() ? std::nullopt : found->second(text, major);
}

bool knows_format(const std::string& format) {
  if (format.ends_with("-opt")) return knows_format(format.substr(0, format.size() - 4));
  if (format.ends_with("-list")) return knows_format(format.substr(0, format.size() - 5));
  return checks().contains(format) || storage_formats().contains(format);
}

bool is_ipv4(std::string_view text) { return in_family(AF_INET, text); }
bool is_ipv6(std::string_view text) { return in_family(AF_INET6, text); }
bool is_ipv4_cidr(std::string_view text) { return is_cidr(text, true, 32); }
bool is_ipv6_cidr(std::string_view text) { return is_cidr(text, false, 128); }

}  // namespace pveplan::lab
