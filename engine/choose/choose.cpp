#include "engine/choose/choose.hpp"

#include "engine/choose/addresses.hpp"
#include "engine/choose/expand.hpp"
#include "engine/choose/parts.hpp"
#include "engine/choose/placement.hpp"
#include "engine/choose/schema_walk.hpp"
#include "model/sha256.hpp"
#include "schema/conflicts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Choice;
using schema::Path;
using schema::Resource;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// Numbers that stay the same as long as cluster, topology and address do.
std::string hash_id(const schema::Topology& topology, const model::ClusterFacts& cluster,
                    const ResourceAddress& address) {
  return model::sha256_hex(cluster.identity + "\n" + topology.name + "\n" + address.text())
      .substr(0, 16);
}

std::int64_t integer_at(const Value& value, std::string_view name) {
  const Value* found = value.find(name);
  return found != nullptr && found->kind() == Value::Kind::integer ? found->as_integer() : 0;
}

class Chooser {
 public:
  Chooser(const schema::Topology& stated, const state::StateFile& state,
          const model::ClusterFacts& cluster, const ChoiceFacts& facts)
      : state_(state),
        cluster_(cluster),
        facts_(facts),
        placement_(place(stated, state, cluster)),
        expanded_(expand(stated, state, cluster, placement_, unused_)),
        topology_(expanded_ ? *expanded_ : stated),
        addresses_(topology_),
        macs_(cluster.identity, topology_.name, cluster.mac_prefix) {
    // Where no guest could be placed, nobody can tell what is used.
    if (!placement_.diagnostics.has_errors()) result_.diagnostics.append(std::move(unused_));
    result_.diagnostics.append(std::move(placement_.diagnostics));
    result_.unreachable = std::move(placement_.unreachable);
    result_.placed_by = std::move(placement_.placed_by);
  }

  Choices choose() {
    take_what_is_known();
    for (const auto& resource : topology_.resources) choose_for(resource);
    result_.expanded = std::move(expanded_);
    return std::move(result_);
  }

 private:
  const Value& owned(const Resource& resource) const {
    static const Value kNone;
    const auto* row = state_.row(resource.address);
    return row == nullptr ? kNone : row->owned;
  }

  void take_nics(const Value& nics) {
    if (!nics.has_fields()) return;
    for (const auto& [name, nic] : nics.as_fields()) {
      if (const auto mac = text_at(nic, "mac"); !mac.empty()) macs_.take(mac);
      addresses_.take(text_at(nic, "ip"));
    }
  }

  /// Nothing that a guest, the state or the topology has is given out again.
  void take_what_is_known() {
    for (const auto& guest : cluster_.guests) vmids_.insert(guest.vmid);
    vmids_.insert(facts_.taken_vmids.begin(), facts_.taken_vmids.end());
    for (const auto& [address, row] : state_.rows) take_known(row.owned);
    for (const auto& [id, intent] : state_.open_intents) {
      if (const Value* after = intent.arguments.find("after")) take_known(*after);
    }
    for (const auto& resource : topology_.resources) take_known(resource.attributes);
    for (const auto& mac : facts_.around.macs) macs_.take(mac);
    for (const auto& address : facts_.around.addresses) addresses_.take(address);
    for (const auto& [address, holder] : facts_.held_addresses) addresses_.hold(address, holder);
  }
  void take_known(const Value& attributes) {
    if (const auto vmid = integer_at(attributes, "vmid"); vmid != 0) vmids_.insert(vmid);
    if (const Value* nics = attributes.find("nic")) take_nics(*nics);
  }

  void choose_for(const Resource& resource) {
    check_node(resource);
    Value attributes = with_first_disk(pinned(resource), owned(resource));
    for (const auto& attribute : resource.schema->object.attributes) {
      if (attribute.type.kind == schema::Type::Kind::keyed_part) {
        const Value* parts = attributes.find(attribute.name);
        if (parts != nullptr && parts->has_fields())
          attributes =
              attributes.with(Path({attribute.name}), choose_parts(resource, attribute, *parts));
      } else if (attribute.choice != Choice::none && attributes.find(attribute.name) == nullptr) {
        auto value = choose_value(resource, attribute);
        if (!value.is_null())
          attributes = attributes.with(Path({attribute.name}), std::move(value));
      }
    }
    if (attributes == resource.attributes) return;
    result_.attributes.emplace_hint(result_.attributes.end(), resource.address,
                                    std::move(attributes));
  }

  /// The disk that came with the template or the image counts as stated, whatever becomes of the
  /// lines (DEFINITIONS 5).
  static Value with_first_disk(Value attributes, const Value& owned) {
    const Path disk({"disk", "os"});
    if (attributes.find(disk) != nullptr) return attributes;
    const bool was_made_from =
        owned.find(disk) != nullptr &&
        !(text_at(owned, "template").empty() && text_at(owned, "image").empty());
    if (text_at(attributes, "template").empty() && !was_made_from) return attributes;
    const Value* disks = attributes.find("disk");
    auto fields = disks == nullptr ? Value::Fields() : disks->as_fields();
    fields.emplace_back("os", Value::object({}));
    return attributes.with(Path({"disk"}), Value::map(std::move(fields)));
  }

  /// What the lock file knows of an image is added where the topology does not say it.
  Value pinned(const Resource& resource) const {
    const auto pin = facts_.pins.find(resource.address.name);
    if (resource.address.type != "image" || pin == facts_.pins.end()) return resource.attributes;
    auto attributes = resource.attributes;
    const auto url = text_at(attributes, "url"), checksum = text_at(attributes, "checksum");
    const auto& held = pin->second;
    // A pin of another source says nothing about this one.
    const bool same_source =
        (url.empty() || url == held.url) && (checksum.empty() || checksum == held.checksum);
    if (!same_source) return attributes;
    const auto add = [&attributes](const char* name, Value value) {
      if (attributes.find(name) == nullptr)
        attributes = attributes.with(Path({name}), std::move(value));
    };
    add("url", Value::string(held.url));
    if (!held.checksum.empty()) add("checksum", Value::string(held.checksum));
    if (held.size > 0) add("size", Value::integer(held.size));
    if (!held.format.empty()) add("format", Value::string(held.format));
    return attributes;
  }

  /// What has one instance a node is out of reach with its node.
  void check_node(const Resource& resource) {
    const bool per_node = resource.schema->instances != schema::Instances::single;
    if (!per_node || !resource.address.key || state_.row(resource.address) != nullptr) return;
    const auto* node = cluster_.node(*resource.address.key);
    if (node != nullptr && !node->online)
      result_.unreachable.emplace(resource.address, fmt::format("node {} is offline", node->name));
  }

  Value choose_value(const Resource& resource, const schema::AttributeSchema& attribute) {
    const Value* remembered = owned(resource).find(attribute.name);
    if (remembered != nullptr) return *remembered;
    switch (attribute.choice) {
      case Choice::hash_id:
        return Value::string(hash_id(topology_, cluster_, resource.address));
      case Choice::node: {
        const auto at = placement_.nodes.find(resource.address);
        return at == placement_.nodes.end() ? Value() : Value::string(at->second);
      }
      case Choice::vmid:
        return choose_vmid(resource);
      case Choice::instance_name:
        // What has no format makes its file name or id itself.
        if (attribute.format != schema::Format::dns_name) return {};
        return Value::string(schema::default_name(resource));
      case Choice::none:
      case Choice::mac:
      case Choice::address:
      case Choice::slot:
        break;
    }
    return {};
  }

  /// The lowest free one; an id that old backups or volumes go by only when no other is left.
  Value choose_vmid(const Resource& resource) {
    auto ranges = topology_.vmids;
    if (ranges.empty()) ranges.push_back({cluster_.first_vmid, cluster_.last_vmid});
    for (const bool second_hand : {false, true}) {
      for (const auto& range : ranges) {
        for (auto vmid = range.first; vmid <= range.last; ++vmid) {
          if (vmids_.contains(vmid) || (!second_hand && is_second_hand(vmid))) continue;
          vmids_.insert(vmid);
          result_.new_vmids.insert(vmid);
          return Value::integer(vmid);
        }
      }
    }
    auto diagnostic =
        schema::error("No free VMID",
                      fmt::format("Every number that `vmids` allows is taken, and {} needs one. "
                                  "Widen the range in [pveplan].",
                                  resource.address.text()),
                      resource.span);
    diagnostic.address = resource.address;
    result_.diagnostics.add(std::move(diagnostic));
    return {};
  }
  bool is_second_hand(std::int64_t vmid) const {
    return state_.retired_vmids.contains(vmid) || facts_.around.vmids_with_volumes.contains(vmid);
  }

  Value choose_parts(const Resource& resource, const schema::AttributeSchema& attribute,
                     Value parts) {
    const auto occupied = facts_.occupied_slots.find(resource.address);
    SlotChooser slots(state_.row(resource.address), occupied == facts_.occupied_slots.end()
                                                        ? std::set<std::string>()
                                                        : occupied->second);
    slots.set_pools_with_gateway(&addresses_.pools_with_gateway());
    parts = slots.with_slots(attribute, std::move(parts));
    const auto& object = *attribute.type.object;
    if (attribute_of_choice(object, Choice::mac) == nullptr) return parts;
    const Value* before = owned(resource).find(attribute.name);
    const Value none;
    const auto& remembered = before == nullptr ? none : *before;
    parts = with_macs(resource, attribute.name, std::move(parts), remembered);
    return addresses_.with_addresses(resource, std::move(parts), remembered, result_.diagnostics);
  }

  Value with_macs(const Resource& resource, const std::string& attribute, Value nics,
                  const Value& remembered) {
    const auto names = nics.as_fields();
    for (const auto& [name, nic] : names) {
      const Value* old = remembered.find(name);
      if (old == nullptr) note_new_nic(resource);
      if (!text_at(nic, "mac").empty()) continue;
      auto mac = old == nullptr ? std::string() : text_at(*old, "mac");
      if (mac.empty()) mac = macs_.choose(resource.address, attribute + "." + name);
      nics = nics.with(Path({name, "mac"}), Value::string(std::move(mac)));
    }
    return nics;
  }

  void note_new_nic(const Resource& resource) {
    const auto placed = placement_.nodes.find(resource.address);
    if (placed != placement_.nodes.end()) result_.new_nics_on.insert(placed->second);
  }

  const state::StateFile& state_;
  const model::ClusterFacts& cluster_;
  const ChoiceFacts& facts_;
  Choices result_;
  Placement placement_;
  schema::Diagnostics unused_;
  std::optional<schema::Topology> expanded_;
  const schema::Topology& topology_;
  AddressChooser addresses_;
  MacChooser macs_;
  std::set<std::int64_t> vmids_;
};

}  // namespace

Choices choose(const schema::Topology& topology, const state::StateFile& state,
               const model::ClusterFacts& cluster, const ChoiceFacts& facts) {
  return Chooser(topology, state, cluster, facts).choose();
}

}  // namespace pveplan::engine
