// What cloud-init gets to read.

#include "lab/api/guest_locks.hpp"
#include "lab/api/qemu_calls.hpp"
#include "lab/api/qemu_config.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/core/digest.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// The list shows these only; options that are 0 or empty are left out.
Reply list_cloud_init(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  Value::List rows;
  for (const char* name : {"cicustom", "cipassword", "citype", "ciupgrade", "ciuser", "nameserver",
                           "searchdomain", "sshkeys"}) {
    const std::string text = option_of((*guest)->options, name);
    if (text.empty() || text == "0") continue;
    rows.push_back(
        Value::map({{"key", str(name)}, {"value", shown_option(call.major(), name, text)}}));
  }
  return Value::list(std::move(rows));
}

Reply regenerate(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const auto free =
      await_file_lock(call, static_cast<int>(call.parameters.integer("vmid")), **guest);
  if (!free) return std::unexpected(free.error());
  return Payload{};
}

/// `web1` and `web1.example.com`; the second is empty without a domain.
std::pair<std::string, std::string> host_names(int vmid, const GuestOptions& options) {
  const std::string name = option_of(options, "name", fmt::format("VM{}", vmid));
  if (const auto dot = name.find('.'); dot != std::string::npos) return {name.substr(0, dot), name};
  const std::string domain = option_of(options, "searchdomain");
  return {name, domain.empty() ? std::string{} : name + "." + domain};
}

std::string user_data(int vmid, const GuestOptions& options) {
  const auto [host, full] = host_names(vmid, options);
  std::string text = fmt::format("#cloud-config\nhostname: {}\nmanage_etc_hosts: true\n", host);
  if (!full.empty()) text += fmt::format("fqdn: {}\n", full);
  if (options.contains("ciuser")) text += fmt::format("user: {}\n", options.at("ciuser"));
  if (options.contains("cipassword"))
    text += fmt::format("password: {}\n", options.at("cipassword"));
  if (options.contains("sshkeys")) {
    text += "ssh_authorized_keys:\n";
    for (const std::string& line : split(percent_decode(options.at("sshkeys")), '\n')) {
      if (!trim(line).empty()) text += fmt::format("  - {}\n", trim(line));
    }
  }
  text += "chpasswd:\n  expire: False\nusers:\n  - default\n";
  if (flag_of(options, "ciupgrade", true)) text += "package_upgrade: true\n";
  return text;
}

std::string netmask_of(std::int64_t prefix) {
  const auto bits = static_cast<std::uint32_t>(0xffffffffULL << (32 - prefix));
  return fmt::format("{}.{}.{}.{}", bits >> 24, (bits >> 16) & 255, (bits >> 8) & 255, bits & 255);
}

using Properties = std::map<std::string, std::string>;

std::string subnets_of(const Properties& addresses) {
  std::string text;
  const auto value = [&](const char* key) {
    const auto found = addresses.find(key);
    return found == addresses.end() ? std::string{} : found->second;
  };
  const std::string v4 = value("ip");
  const auto slash = v4.find('/');
  if (v4 == "dhcp") text += "      - type: dhcp4\n";
  if (slash != std::string::npos) {
    text +=
        fmt::format("      - type: static\n        address: '{}'\n        netmask: '{}'\n",
                    v4.substr(0, slash), netmask_of(to_integer(v4.substr(slash + 1)).value_or(32)));
    if (!value("gw").empty()) text += fmt::format("        gateway: '{}'\n", value("gw"));
  }
  const std::string v6 = value("ip6");
  if (v6 == "auto") text += "      - type: ipv6_slaac\n";
  if (v6 == "dhcp") text += "      - type: dhcp6\n";
  if (v6.find('/') == std::string::npos) return text;
  text += fmt::format("      - type: static6\n        address: '{}'\n", v6);
  if (!value("gw6").empty()) text += fmt::format("        gateway: '{}'\n", value("gw6"));
  return text;
}

std::string quoted_lines(const std::string& list) {
  std::string text;
  for (const std::string& item : split_list(list)) text += fmt::format("      - '{}'\n", item);
  return text;
}

std::string network_data(int major, const GuestOptions& options) {
  std::string text = "version: 1\nconfig:\n";
  for (int i = 0; i <= 31; ++i) {
    const std::string nic = option_of(options, fmt::format("net{}", i));
    const std::string setting = option_of(options, fmt::format("ipconfig{}", i));
    const auto parsed = parse_property_string(nic_format(major), nic, {}, {major});
    if (nic.empty() || setting.empty() || !parsed) continue;
    const auto addresses = parse_property_string(ipconfig_format(), setting, {}, {major});
    text += fmt::format(
        "    - type: physical\n      name: eth{}\n      mac_address: '{}'\n      subnets:\n", i,
        to_lower(parsed->at("macaddr")));
    text += subnets_of(addresses.value_or(Properties{}));
  }
  const std::string servers = quoted_lines(option_of(options, "nameserver"));
  const std::string domains = quoted_lines(option_of(options, "searchdomain"));
  if (servers.empty() && domains.empty()) return text;
  text += "    - type: nameserver\n";
  if (!servers.empty()) text += "      address:\n" + servers;
  if (!domains.empty()) text += "      search:\n" + domains;
  return text;
}

Reply dump_cloud_init(Call& call) {
  const auto guest = find_machine(call);
  if (!guest) return std::unexpected(guest.error());
  const GuestOptions& options = (*guest)->options;
  const int vmid = static_cast<int>(call.parameters.integer("vmid"));
  const std::string user = user_data(vmid, options);
  const std::string network = network_data(call.major(), options);
  const std::string type = call.parameters.text("type");
  if (type == "user") return str(user);
  if (type == "network") return str(network);
  return str(fmt::format("instance-id: {}\n", sha1_hex(user + network)));
}

}  // namespace

void add_qemu_cloudinit_calls(ApiTable& api) {
  const auto audit = needs("/vms/{vmid}", {"VM.Audit"});
  api.get("/nodes/{node}/qemu/{vmid}/cloudinit", list_cloud_init)
      .allowed(audit)
      .on_node()
      .takes({guest_id()});
  api.put("/nodes/{node}/qemu/{vmid}/cloudinit", regenerate)
      .allowed(needs("/vms/{vmid}", {"VM.Config.Cloudinit"}))
      .privileged()
      .on_node()
      .takes({guest_id()});
  api.get("/nodes/{node}/qemu/{vmid}/cloudinit/dump", dump_cloud_init)
      .allowed(audit)
      .on_node()
      .takes({guest_id(), text("type").one_of({"user", "network", "meta"})});
}

}  // namespace pveplan::lab
