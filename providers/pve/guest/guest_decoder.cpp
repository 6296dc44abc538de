#include "providers/pve/guest/guest_decoder.hpp"

#include "providers/pve/coerce.hpp"
#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/marker.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/property_string.hpp"

#include <algorithm>

namespace pveplan::pve {

using schema::Path;
using schema::Value;

namespace {

/// Whether the API can tell an attribute of a part.
bool is_remote(const schema::AttributeSchema& attribute) {
  const auto& key = attribute.wire.property_key;
  if (!key.empty()) return key != "import-from";  // an import is over once it is done
  return attribute.name == "slot" || attribute.name == "storage" || attribute.name == "dns" ||
         attribute.name == "search";
}

/// What the schema has of the live part, and what only the row knows.
Value completed(const schema::ObjectSchema& schema, const Value& live, const Value& owned) {
  Value::Fields fields;
  for (const auto& attribute : schema.attributes) {
    const auto* found = (is_remote(attribute) ? live : owned).find(attribute.name);
    if (found != nullptr) fields.emplace_back(attribute.name, *found);
  }
  return Value::object(std::move(fields));
}

Value words(std::string_view text) { return decode({{}, {}, OptionForm::commas}, text); }

bool holds(const Value& list, const Value& item) {
  if (list.kind() != Value::Kind::list) return false;
  const auto& items = list.as_list();
  return std::find(items.begin(), items.end(), item) != items.end();
}

}  // namespace

std::vector<Option> config_options(const schema::ObjectSchema& schema) {
  auto options = options_of(schema);
  std::erase_if(options, [](const Option& option) {
    return option.key == "vmid" || option.key == "pool" || option.key == "description";
  });
  return options;
}

GuestDecoder::GuestDecoder(const schema::ObjectSchema& schema, const GuestConfig& config,
                           const model::Row* row)
    : schema_(schema),
      config_(config),
      row_(row),
      names_(PartNames::of(config, row)),
      options_(config_options(schema)) {}

const std::string* GuestDecoder::text(std::string_view key, bool running) const {
  return running ? config_.find_running(key) : config_.find(key);
}

Value GuestDecoder::owned(const Path& path) const {
  const auto* found = row_ == nullptr ? nullptr : row_->owned.find(path);
  return found == nullptr ? Value() : *found;
}

Value GuestDecoder::decode(bool running) const {
  Value::Fields fields;
  for (const auto& attribute : schema_.attributes) {
    if (attribute.presence == schema::Presence::computed_by_server) continue;
    auto value = one(attribute, running);
    if (!value.is_null()) fields.emplace_back(attribute.name, std::move(value));
  }
  return Value::object(std::move(fields));
}

Value GuestDecoder::one(const schema::AttributeSchema& attribute, bool running) const {
  if (attribute.name == "disk") return disks(*attribute.type.object, running);
  if (attribute.name == "nic") return nics(*attribute.type.object, running);
  if (attribute.name == "agent") return agent(running);
  if (attribute.name == "cloud_init") return cloud_init(*attribute.type.object, running);
  if (attribute.name == "description") {
    const auto* held = text("description", running);
    const auto split = split_description(held == nullptr ? "" : *held);
    return split.text.empty() ? Value() : Value::string(split.text);
  }
  if (const auto* known = find_option(options_, attribute.name)) return option(*known, running);
  return owned(Path({attribute.name}));
}

Value GuestDecoder::option(const Option& option, bool running) const {
  const auto* held = text(option.key, running);
  if (held == nullptr) return {};
  auto value = pve::decode(option, *held);
  return option.attribute == "tags" ? tags(value) : value;
}

/// Tags that others add are theirs: of a managed guest only those count that we wrote.
Value GuestDecoder::tags(const Value& live) const {
  const auto ours = owned(Path({"tags"}));
  if (row_ == nullptr || live.kind() != Value::Kind::list) return live;
  Value::List kept;
  for (const auto& tag : live.as_list()) {
    if (holds(ours, tag)) kept.push_back(tag);
  }
  return kept.empty() ? Value() : Value::list(std::move(kept));
}

Value GuestDecoder::agent(bool running) const {
  const auto* held = text("agent", running);
  if (held == nullptr) return {};
  const auto properties = PropertyString::parse(*held, agent_format());
  const auto enabled = Value::boolean(parse_flag(properties.text("enabled")).value_or(false));
  const auto ours = owned(Path({"agent"}));
  const bool plain = ours.is_null() ? properties.parts().size() == 1 : !ours.has_fields();
  if (plain) return enabled;
  Value::Fields fields{{"enabled", enabled}};
  for (const auto& [key, value] : properties.parts()) {
    if (key == "enabled") continue;
    auto name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    // What the table does not state is the server's, also where it was stated once.
    if (ours.has_fields() && ours.find(name) == nullptr) continue;
    const auto flag = parse_flag(value);
    fields.emplace_back(name, flag ? Value::boolean(*flag) : Value::string(value));
  }
  return Value::object(std::move(fields));
}

Value GuestDecoder::cloud_init(const schema::ObjectSchema& schema, bool running) const {
  Value::Fields fields;
  for (const auto& option : options_of(schema)) {
    const auto* held = text(option.key, running);
    if (held != nullptr) fields.emplace_back(option.attribute, pve::decode(option, *held));
  }
  // a password reads back as stars: what was written last stands for it
  const auto password = owned(Path({"cloud_init", "password"}));
  if (!password.is_null() && text("cipassword", running) != nullptr)
    fields.emplace_back("password", password);
  return fields.empty() ? Value() : Value::object(std::move(fields));
}

Value GuestDecoder::disks(const schema::ObjectSchema& schema, bool running) const {
  Value::Fields fields;
  for (const auto& [name, slot] : names_.disks()) {
    const auto* held = text(slot, running);
    if (held == nullptr) continue;
    if (is_unused_slot(slot)) {
      const auto disk = detached_disk(name, Drive::parse(*held).volume());
      if (!running) fields.emplace_back(name, completed(schema, disk, disk));
      continue;
    }
    auto disk = disk_from_drive(Drive::parse(*held), slot);
    // One that waits to be plugged in cannot grow before: until then it has the size that we want.
    const auto size = owned(Path({"disk", name, "size"}));
    if (text(slot, true) == nullptr && !size.is_null()) disk = disk.with(Path({"size"}), size);
    fields.emplace_back(name, completed(schema, disk, owned(Path({"disk", name}))));
  }
  return fields.empty() ? Value() : Value::map(std::move(fields));
}

/// Somebody detached it, or it is on its way out, or it is kept: the config has nothing but its
/// volume, and it is in no slot. The rest comes back with it.
Value GuestDecoder::detached_disk(const std::string& name, const std::string& volume) const {
  const auto part = row_->parts.find(part_key("disk", name));
  auto disk = part == row_->parts.end() ? Value() : part->second.owned;
  if (disk.is_null()) disk = Value::object({});
  if (part != row_->parts.end() && part->second.kept)
    disk = disk.with(Path({"on_remove"}), Value::string("keep"));
  return disk.with(Path({"slot"}), Value())
      .with(Path({"storage"}), Value::string(storage_of(volume)));
}

Value GuestDecoder::nics(const schema::ObjectSchema& schema, bool running) const {
  Value::Fields fields;
  for (const auto& [name, slot] : names_.nics()) {
    const auto* held = text(slot, running);
    if (held == nullptr) continue;
    const auto nic = nic_from_config(*held, text(ipconfig_key(slot), running), slot);
    fields.emplace_back(name, completed(schema, nic, owned(Path({"nic", name}))));
  }
  if (fields.empty()) return {};
  return with_name_servers(Value::map(std::move(fields)), running);
}

/// `nameserver` and `searchdomain` are one list for the guest. As long as it is what our NICs add
/// up to, each NIC shows its own part; else the first NIC that has any shows the whole.
Value GuestDecoder::with_name_servers(Value nics, bool running) const {
  const auto ours = owned(Path({"nic"}));
  const auto show = [&](const char* attribute, const char* key, const std::string& written) {
    const auto* held = text(key, running);
    for (const auto& [name, nic] : by_slot(ours)) {
      const auto* part = member(nic, attribute);
      if (part == nullptr || nics.find(name) == nullptr || held == nullptr) continue;
      const bool unchanged = written == *held;
      nics = nics.with(Path({name, attribute}), unchanged ? *part : words(*held));
      if (!unchanged) return;
    }
  };
  show("dns", "nameserver", nameservers_text(ours));
  show("search", "searchdomain", search_domains_text(ours));
  return nics;
}

Value GuestDecoder::in_force() const { return decode(true); }

Value GuestDecoder::running_differences() const {
  return differing_leaves(decode(true), decode(false));
}

Value differing_leaves(const Value& now, const Value& later) {
  if (now == later) return {};
  if (!now.has_fields()) return now;
  Value::Fields fields;
  for (const auto& [name, value] : now.as_fields()) {
    const auto* other = later.find(name);
    auto difference = differing_leaves(value, other == nullptr ? Value() : *other);
    if (!difference.is_null()) fields.emplace_back(name, std::move(difference));
  }
  return fields.empty() ? Value() : Value::object(std::move(fields));
}

}  // namespace pveplan::pve
