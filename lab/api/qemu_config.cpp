#include "lab/api/qemu_config.hpp"

#include "lab/api/guest_rows.hpp"
#include "lab/api/qemu_drive.hpp"
#include "lab/api/qemu_formats.hpp"
#include "lab/api/qemu_parameters.hpp"
#include "lab/core/digest.hpp"
#include "lab/core/text.hpp"
#include "lab/core/validate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

using schema::Value;

/// Options of the file that no call can set.
bool is_number_without_rule(const std::string& name) { return name == "snaptime"; }

/// The description stands on top of its section, as comments.
std::string section_text(const GuestOptions& options) {
  std::string body;
  if (const std::string description = option_of(options, "description"); !description.empty()) {
    for (const std::string& line : split(description, '\n'))
      body += "#" + percent_encode(line) + "\n";
  }
  for (const auto& [name, value] : options) {
    if (name != "description") body += fmt::format("{}: {}\n", name, value);
  }
  return body;
}

std::string pending_text(const Guest& guest) {
  if (guest.pending.empty() && guest.pending_deletes.empty()) return {};
  std::vector<std::string> names;
  for (const auto& [name, force] : guest.pending_deletes)
    names.push_back((force ? "!" : "") + name);
  std::string body = "\n[PENDING]\n";
  if (!names.empty()) body += "delete: " + join(names, ",") + "\n";
  return body + section_text(guest.pending);
}

}  // namespace

std::string guest_digest(const Guest& guest) {
  std::string body = section_text(guest.options) + pending_text(guest);
  if (!guest.parent_snapshot.empty()) body += "parent: " + guest.parent_snapshot + "\n";
  for (const auto& [name, snapshot] : guest.snapshots) {
    body += fmt::format("\n[{}]\n#{}\n", name, percent_encode(snapshot.description));
    body += section_text(snapshot.options);
    body += fmt::format("parent: {}\nsnaptime: {}\n", snapshot.parent, snapshot.taken);
  }
  return sha1_hex(body);
}

Value shown_option(int major, const std::string& name, const std::string& text) {
  if (name == "cipassword") return str("**********");
  const Parameter* rule = find_qemu_option(major, name);
  const bool numeric = rule == nullptr ? is_number_without_rule(name)
                                       : rule->kind == Parameter::Kind::integer ||
                                             rule->kind == Parameter::Kind::boolean;
  const auto number = numeric ? to_integer(text) : std::nullopt;
  if (number) return num(*number);
  return str(text.empty() ? " " : text);
}

Value::Fields shown_options(int major, const GuestOptions& options) {
  Value::Fields fields;
  for (const auto& [name, text] : options)
    fields.emplace_back(name, shown_option(major, name, text));
  return fields;
}

std::string option_of(const GuestOptions& options, const std::string& name,
                      const std::string& otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

std::int64_t number_of(const GuestOptions& options, const std::string& name,
                       std::int64_t otherwise) {
  return to_integer(option_of(options, name)).value_or(otherwise);
}

bool flag_of(const GuestOptions& options, const std::string& name, bool otherwise) {
  return number_of(options, name, otherwise ? 1 : 0) != 0;
}

std::int64_t memory_of(const GuestOptions& options) {
  const std::string text = option_of(options, "memory", "512");
  return to_integer(text.substr(text.find('=') + 1)).value_or(512);
}

bool has_agent(int major, const GuestOptions& options) {
  if (!options.contains("agent")) return false;
  const auto parsed =
      parse_property_string(agent_format(major), options.at("agent"), "agent", {major});
  return parsed && parsed->contains("enabled") && parsed->at("enabled") == "1";
}

std::string name_of(int vmid, const GuestOptions& options) {
  return option_of(options, "name", fmt::format("VM {}", vmid));
}

std::vector<std::pair<std::string, std::string>> drives_of(const GuestOptions& options) {
  std::vector<std::pair<std::string, std::string>> drives;
  for (const auto& [name, value] : options) {
    if (is_drive_name(name)) drives.emplace_back(name, value);
  }
  return drives;
}

std::vector<std::string> boot_order(const GuestOptions& options) {
  const std::string text = option_of(options, "boot");
  if (!text.starts_with("order=")) return {};
  return split_list(text.substr(std::string_view("order=").size()));
}

std::string boot_text(const std::vector<std::string>& devices) {
  return devices.empty() ? std::string{} : "order=" + join(devices, ";");
}

std::vector<std::string> default_boot_devices(int major, const GuestOptions& options) {
  std::vector<std::string> devices;
  const auto add_first_drive = [&](bool cdrom) {
    for (const char* bus : {"ide", "scsi", "virtio", "sata"}) {
      for (int i = 0; i <= 30; ++i) {
        const std::string name = fmt::format("{}{}", bus, i);
        const auto drive = parse_drive(major, option_of(options, name));
        if (!options.contains(name) || !drive || drive->is_cdrom() != cdrom) continue;
        devices.push_back(name);
        return;
      }
    }
  };
  add_first_drive(false);
  add_first_drive(true);
  for (int i = 0; i <= 31; ++i) {
    const std::string name = fmt::format("net{}", i);
    if (!options.contains(name)) continue;
    devices.push_back(name);
    break;
  }
  return devices;
}

Attempt<Guest*> find_machine(World& world, const std::string& node, int vmid) {
  const auto found = world.guests.find(vmid);
  const bool here = found != world.guests.end() && found->second.kind == GuestKind::qemu &&
                    found->second.node == node;
  if (here) return &found->second;
  return fail(
      fmt::format("Configuration file 'nodes/{}/qemu-server/{}.conf' does not exist", node, vmid));
}

Attempt<Guest*> find_machine(Call& call) {
  return find_machine(call.world, call.node, static_cast<int>(call.parameters.integer("vmid")));
}

Attempt<Guest*> find_machine_state(World& world, const std::string& node, int vmid) {
  if (auto found = find_machine(world, node, vmid)) return found;
  return fail(fmt::format("unable to find configuration file for VM {} on node '{}'", vmid, node));
}

Attempt<void> check_lock(const Guest& guest) {
  const std::string lock = option_of(guest.options, "lock");
  if (lock.empty()) return {};
  return fail(fmt::format("VM is locked ({})", lock));
}

Attempt<void> check_protection(const GuestOptions& options, const std::string& what) {
  if (!flag_of(options, "protection")) return {};
  return fail(what + " - protection mode enabled");
}

Attempt<void> check_digest(const Guest& guest, const std::string& given) {
  if (given.empty() || given == guest_digest(guest)) return {};
  return fail("checksum mismatch (file change by other user?)");
}

void note_change(World& world, Guest& guest) {
  if (guest.news && !is_broadcast(world, guest.news->changed)) return;
  guest.news = GuestNews{world.now, true, guest.options,
                         guest.process ? std::optional(guest.process->started) : std::nullopt};
}

std::string task_text(const Failure& failure) {
  std::string text = failure.status == 500 ? "" : fmt::format("{} ", failure.status);
  text += failure.message;
  for (const auto& [name, problem] : failure.errors) text += fmt::format("{}: {}\n", name, problem);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace pveplan::lab
