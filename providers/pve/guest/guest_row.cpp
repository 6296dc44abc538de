#include "providers/pve/guest/guest_row.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/part_names.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/property_string.hpp"
#include "providers/pve/settle/settle.hpp"

namespace pveplan::pve {

using schema::Path;
using schema::Value;

namespace {

constexpr const char* kMadeFrom = "made_from";

model::PartRow part(const Value& owned, std::string_view slot, const char* key,
                    std::string identity) {
  model::PartRow row;
  row.owned = owned;
  Value::Fields fields{{"slot", Value::string(std::string(slot))}};
  if (!identity.empty()) fields.emplace_back(key, Value::string(std::move(identity)));
  row.identity = Value::map(std::move(fields));
  return row;
}

/// Where a part of `after` lies: the remembered slot when its device is still there.
std::string slot_of(const Value& wanted, const model::PartRow* before, const GuestConfig& config) {
  auto slot = before == nullptr ? std::string() : text_of(before->identity, "slot");
  if (slot.empty() || config.find(slot) == nullptr) slot = text_of(wanted, "slot");
  return slot;
}

}  // namespace

model::Identity planned_identity(const schema::ResourceAddress& address, const Value& desired) {
  Value::Fields fields;
  if (const auto* vmid = member(desired, "vmid")) fields.emplace_back("vmid", *vmid);
  const auto* node = member(desired, "node");
  if (node != nullptr) {
    fields.emplace_back("node", *node);
  } else if (address.key && address.type == "template") {
    fields.emplace_back("node", Value::string(*address.key));
  }
  return Value::map(std::move(fields));
}

model::Identity adopted_guest_identity(const Value& desired, const std::string& id) {
  const auto vmid = id.empty() ? integer_of(desired, "vmid") : parse_integer(id).value_or(0);
  return vmid <= 0 ? Value() : Value::map({{"vmid", Value::integer(vmid)}});
}

model::Identity identity_of(const Guest& guest) {
  Value::Fields fields{{"vmid", Value::integer(guest.vmid)}, {"node", Value::string(guest.node)}};
  if (const auto uuid = guest.uuid(); !uuid.empty())
    fields.emplace_back("uuid", Value::string(uuid));
  return Value::map(std::move(fields));
}

Value guest_exports(const Value& after, const model::Identity& identity) {
  Value::Fields fields;
  if (const auto* vmid = member(identity, "vmid")) fields.emplace_back("id", *vmid);
  if (const auto* node = member(identity, "node")) fields.emplace_back("node", *node);
  const auto* nics = member(after, "nic");
  Value::List addresses;
  bool first = true;
  for (const auto& [name, nic] : nics == nullptr ? by_slot(Value()) : by_slot(*nics)) {
    const auto ip = text_of(nic, "ip");
    const auto slash = ip.find('/');
    const auto address = Value::string(ip.substr(0, slash));
    if (slash != ip.npos) addresses.push_back(address);
    if (first && slash != ip.npos) fields.emplace_back("ip", address);
    if (const auto* mac = member(nic, "mac"); first && mac != nullptr)
      fields.emplace_back("mac", *mac);
    first = false;
  }
  if (!addresses.empty()) fields.emplace_back("ips", Value::list(std::move(addresses)));
  return Value::map(std::move(fields));
}

std::map<std::string, model::PartRow> parts_of(
    const Value& after, const GuestConfig& config,
    const std::map<std::string, model::PartRow>& before) {
  std::map<std::string, model::PartRow> parts;
  const auto* disks = member(after, "disk");
  for (const auto& [name, disk] : disks == nullptr ? by_slot(Value()) : by_slot(*disks)) {
    const auto key = part_key("disk", name);
    const auto old = before.find(key);
    const auto slot = slot_of(disk, old == before.end() ? nullptr : &old->second, config);
    auto volume = Drive::parse(config.text(slot)).volume();
    if (volume.empty() && old != before.end()) volume = text_of(old->second.identity, "volume");
    parts.emplace(key, part(disk, slot, "volume", std::move(volume)));
  }
  const auto* nics = member(after, "nic");
  for (const auto& [name, nic] : nics == nullptr ? by_slot(Value()) : by_slot(*nics)) {
    const auto key = part_key("nic", name);
    const auto old = before.find(key);
    const auto slot = slot_of(nic, old == before.end() ? nullptr : &old->second, config);
    auto mac = PropertyString::parse(config.text(slot), net_format()).text("macaddr");
    if (mac.empty()) mac = text_of(nic, "mac");
    parts.emplace(key, part(nic, slot, "mac", std::move(mac)));
  }
  return parts;
}

void set_note(model::Row& row, const std::string& name, Value value) {
  const auto notes = row.notes.is_null() ? Value::map({}) : row.notes;
  row.notes = notes.with(Path({name}), std::move(value));
  if (row.notes.as_fields().empty()) row.notes = Value();
}

void pass_edition(const Value& facts, Value::Fields& arguments) {
  if (const auto* edition = member(facts, kMadeFrom)) arguments.emplace_back(kMadeFrom, *edition);
}

void note_edition(model::Row& row, const Value& arguments) {
  if (const auto* edition = member(arguments, kMadeFrom)) set_note(row, kMadeFrom, *edition);
}

void set_unfinished(model::Row& row, std::vector<std::string> unfinished) {
  row.status = unfinished.empty() ? model::RowStatus::ok : model::RowStatus::incomplete;
  Value::List names;
  for (auto& each : unfinished) names.push_back(Value::string(std::move(each)));
  set_note(row, "unfinished", names.empty() ? Value() : Value::list(std::move(names)));
}

std::vector<std::string> unfinished_of(const Value& holder, std::string_view name) {
  std::vector<std::string> result;
  const auto* list = member(holder, name);
  if (list == nullptr || list->kind() != Value::Kind::list) return result;
  for (const auto& each : list->as_list()) result.push_back(as_text(&each));
  return result;
}

model::Outcome stored(model::Row row) {
  model::Outcome outcome;
  outcome.address = row.address;
  outcome.row = std::move(row);
  return outcome;
}

}  // namespace pveplan::pve
