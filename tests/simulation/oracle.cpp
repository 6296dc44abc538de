#include "tests/simulation/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

namespace pveplan::sim {
namespace {

using schema::AttributeSchema;
using schema::CanonicalForm;
using schema::Value;
using schema::Wire;

/// The text that the server must hold, for values whose text follows from the schema alone.
std::optional<std::string> wire_text(const AttributeSchema& attribute, const Value& value) {
  switch (attribute.wire.encoding) {
    case Wire::Encoding::boolean:
      if (value.kind() == Value::Kind::boolean) return value.as_boolean() ? "1" : "0";
      return std::nullopt;
    case Wire::Encoding::on_ignore:
      if (value.kind() == Value::Kind::boolean) return value.as_boolean() ? "on" : "ignore";
      return std::nullopt;
    case Wire::Encoding::mebibytes:
      if (value.kind() == Value::Kind::integer)
        return fmt::format("{}", value.as_integer() / (1 << 20));
      return std::nullopt;
    case Wire::Encoding::plain:
      if (value.kind() == Value::Kind::integer) return fmt::format("{}", value.as_integer());
      if (value.is_string() && attribute.canonical == CanonicalForm::exact)
        return value.as_string();
      return std::nullopt;
    case Wire::Encoding::gibibytes:
    case Wire::Encoding::comma_list:
    case Wire::Encoding::semicolon_list:
    case Wire::Encoding::url_encoded:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string text_of(const std::map<std::string, std::string>& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

/// What the guest has, or will have after its next start.
std::string configured(const lab::Guest& guest, const std::string& name) {
  const auto pending = guest.pending.find(name);
  return pending == guest.pending.end() ? text_of(guest.options, name) : pending->second;
}

class WorldCheck {
 public:
  WorldCheck(Rig& rig, const schema::Topology& topology, const Strangers& strangers)
      : rig_(rig), topology_(topology), strangers_(strangers), guests_(marked_guests(rig)) {}

  std::string run() {
    std::set<std::string> wanted;
    for (const auto& resource : topology_.resources) {
      if (resource.address.type == "vm") check_machine(resource);
      if (resource.address.type == "pool") check_pool(resource);
      wanted.insert(resource.address.text());
    }
    for (const auto& [address, vmid] : guests_) {
      if (address.starts_with("vm.") && !wanted.contains(address)) say(address, "was to go");
    }
    check_state();
    return faults_ + orphans(rig_) + strangers_.damage();
  }

 private:
  void say(const std::string& address, const std::string& fault) {
    faults_ += address + ": " + fault + "\n";
  }

  void check_machine(const schema::Resource& resource) {
    const auto address = resource.address.text();
    const auto found = guests_.find(address);
    // Somebody may have taken the marker out; then the name is looked for by the plan alone.
    if (found == guests_.end()) return say(address, "has no guest");
    const auto& guest = rig_.lab.world().guests.at(found->second);
    for (const auto& attribute : resource.schema->object.attributes) {
      const auto* value = resource.attributes.find(attribute.name);
      if (value == nullptr || attribute.wire.option.empty()) continue;
      if (attribute.name == "pool" || attribute.name == "vmid") continue;
      const auto text = wire_text(attribute, *value);
      const auto live = configured(guest, attribute.wire.option);
      if (text && live != *text)
        say(address, fmt::format("{} is \"{}\", not \"{}\"", attribute.name, live, *text));
    }
  }

  void check_pool(const schema::Resource& resource) {
    const auto* stated = resource.attributes.find("id");
    const auto id = stated != nullptr ? stated->as_string() : resource.address.name;
    const auto& pools = rig_.lab.world().access.pools;
    const auto found = pools.find(id);
    if (found == pools.end()) return say(resource.address.text(), "does not exist");
    const auto* comment = resource.attributes.find("comment");
    if (comment != nullptr && found->second.comment != comment->as_string())
      say(resource.address.text(), "has the comment " + found->second.comment);
  }

  /// What carries our mark is in the state: nothing of ours is forgotten.
  void check_state() {
    std::istringstream list(rig_.run({"state", "list"}).out);
    std::set<std::string> known;
    for (std::string line; std::getline(list, line);) known.insert(line.substr(0, line.find(' ')));
    for (const auto& [address, vmid] : guests_) {
      if (!known.contains(address)) say(address, "is ours, and the state does not know it");
    }
  }

  Rig& rig_;
  const schema::Topology& topology_;
  const Strangers& strangers_;
  std::map<std::string, int> guests_;
  std::string faults_;
};

/// "local-lvm:vm-200-disk-0" from every drive and every unused volume of a config.
void note_volumes(const lab::GuestOptions& options, std::set<std::string>& named) {
  for (const auto& [name, value] : options) named.insert(value.substr(0, value.find(',')));
}

}  // namespace

std::string faults_of_world(Rig& rig, const schema::Topology& topology,
                            const Strangers& strangers) {
  return WorldCheck(rig, topology, strangers).run();
}

std::map<std::string, std::string> identities(const Rig& rig) {
  std::map<std::string, std::string> result;
  for (const auto& [address, vmid] : marked_guests(rig)) {
    if (!address.starts_with("vm.")) continue;
    const auto uuid = text_of(rig.lab.world().guests.at(vmid).options, "smbios1");
    result[address] = fmt::format("{} {}", vmid, uuid.substr(0, uuid.find(',')));
  }
  return result;
}

std::string orphans(const Rig& rig) {
  const auto& world = rig.lab.world();
  std::set<std::string> named;
  for (const auto& [vmid, guest] : world.guests) {
    note_volumes(guest.options, named);
    note_volumes(guest.pending, named);
    for (const auto& [name, snapshot] : guest.snapshots) note_volumes(snapshot.options, named);
  }
  std::string result;
  for (const auto& [storage, places] : world.storage.volumes) {
    for (const auto& [node, volumes] : places) {
      for (const auto& [name, volume] : volumes) {
        if (volume.guest != 0 && !named.contains(storage + ":" + name))
          result += fmt::format("nobody names {}:{} on {}\n", storage, name, node);
      }
    }
  }
  return result;
}

}  // namespace pveplan::sim
