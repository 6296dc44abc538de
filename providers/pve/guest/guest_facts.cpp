#include "providers/pve/guest/guest_facts.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/property_string.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::pve {
namespace {

using schema::Value;

Value volume_fact(const std::string& label, const Drive& drive) {
  Value::Fields fields{{"label", Value::string(fmt::format("{} ({})", label, drive.storage()))},
                       {"volume", Value::string(drive.volume())},
                       {"bytes", Value::integer(drive.bytes().value_or(0))}};
  const bool left_out = !parse_flag(drive.options().text("backup")).value_or(true);
  if (left_out) fields.emplace_back("backup", Value::boolean(false));
  return Value::map(std::move(fields));
}

/// Declared disks by name, everything else by slot; what is attached but pending too.
Value volumes(const GuestConfig& config, const PartNames& names, Value::List& undeclared) {
  Value::List result;
  for (const auto& [name, slot] : names.disks()) {
    const auto* text = config.find(slot);
    if (text != nullptr) result.push_back(volume_fact("disk." + name, Drive::parse(*text)));
  }
  for (const auto& slot : names.undeclared()) {
    const auto drive = Drive::parse(config.text(slot));
    result.push_back(volume_fact(slot, drive));
    undeclared.push_back(Value::string(fmt::format("{} {}", slot, drive.volume())));
  }
  return Value::list(std::move(result));
}

/// Disks that are kept without an entry in the topology, and whose volumes the guest still has.
Value kept_disks(const GuestConfig& config, const model::Row& row) {
  constexpr std::string_view kDisk = "disk.";
  Value::List names;
  for (const auto& [key, part] : row.parts) {
    const auto volume = text_of(part.identity, "volume");
    if (!part.kept || !key.starts_with(kDisk) || volume.empty()) continue;
    const auto held = config.running_keys();
    const bool there = std::any_of(held.begin(), held.end(), [&](const std::string& slot) {
      return (is_drive_slot(slot) || is_unused_slot(slot)) &&
             Drive::parse(*config.find_running(slot)).volume() == volume;
    });
    if (there) names.push_back(Value::string(key.substr(kDisk.size())));
  }
  return names.empty() ? Value() : Value::list(std::move(names));
}

}  // namespace

Value hotplug_features(const GuestConfig& config) {
  constexpr std::string_view kDefault = "network,disk,usb";
  const auto* held = config.find_running("hotplug");
  const auto text = held == nullptr || *held == "1" ? std::string(kDefault) : *held;
  if (text == "0") return Value::list({});
  return decode({{}, {}, OptionForm::commas}, text);
}

std::optional<std::int64_t> machine_major(std::string_view machine) {
  machine = machine.substr(0, machine.find(','));
  const auto dash = machine.rfind('-');
  if (dash == machine.npos) return std::nullopt;
  const auto version = machine.substr(dash + 1);
  return parse_integer(version.substr(0, version.find('.')));
}

model::LiveFacts guest_facts(const GuestConfig& config, const PartNames& names,
                             const model::GuestFacts& listed, const std::string& status,
                             const model::Row* row) {
  Value::List undeclared;
  auto all_volumes = volumes(config, names, undeclared);
  const auto agent = PropertyString::parse(config.text("agent"), agent_format());
  Value::Fields fields{
      {"status", Value::string(status)},
      {"hotplug", hotplug_features(config)},
      {"template", Value::boolean(config.text("template") == "1")},
      {"ha", Value::boolean(!listed.ha_state.empty())},
      {"protection", Value::boolean(config.text("protection") == "1")},
      {"agent", Value::boolean(parse_flag(agent.text("enabled")).value_or(false))},
      {"node", Value::string(listed.node)},
      {"pool", Value::string(listed.pool)},
      {"volumes", std::move(all_volumes)},
      {"undeclared", Value::list(std::move(undeclared))},
  };
  Value::List waiting;
  for (const auto& [name, slot] : names.disks()) {
    if (config.find_running(slot) != nullptr && config.is_pending(slot))
      waiting.push_back(Value::string(name));
  }
  if (!waiting.empty()) fields.emplace_back("waiting_disks", Value::list(std::move(waiting)));
  if (listed.snapshots) {
    Value::List snapshots;
    for (const auto& each : *listed.snapshots)
      snapshots.push_back(Value::map(
          {{"name", Value::string(each.name)}, {"taken_at", Value::integer(each.taken_at)}}));
    fields.emplace_back("snapshots", Value::list(std::move(snapshots)));
  }
  if (!listed.snapshots_hidden.empty())
    fields.emplace_back("snapshots_hidden", Value::string(listed.snapshots_hidden));
  if (const auto* lock = config.find("lock")) fields.emplace_back("lock", Value::string(*lock));
  if (const auto major = machine_major(config.text("machine")))
    fields.emplace_back("machine", Value::integer(*major));
  if (row != nullptr) {
    fields.emplace_back("identity", row->identity);
    if (const auto* unfinished = row->notes.find("unfinished"))
      fields.emplace_back("unfinished", *unfinished);
    if (auto kept = kept_disks(config, *row); !kept.is_null())
      fields.emplace_back("kept", std::move(kept));
  }
  return Value::map(std::move(fields));
}

}  // namespace pveplan::pve
