#include "engine/choose/check_places.hpp"

#include "engine/choose/clone_source.hpp"
#include "engine/choose/schema_walk.hpp"
#include "schema/suggest.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Change;
using schema::Path;
using schema::Resource;
using schema::ResourceAddress;
using schema::Value;

namespace {

const model::StorageFacts* storage_on(const model::ClusterFacts& cluster, const std::string& node,
                                      const std::string& name) {
  const auto at = std::find_if(cluster.storages.begin(), cluster.storages.end(),
                               [&](const model::StorageFacts& each) {
                                 return each.storage == name && (node.empty() || each.node == node);
                               });
  return at == cluster.storages.end() ? nullptr : &*at;
}

class PlaceChecks {
 public:
  PlaceChecks(const schema::Topology& topology, const SettledChoices& settled,
              const Services& services, const state::StateFile& state,
              const model::ClusterFacts& cluster)
      : topology_(topology),
        settled_(settled),
        services_(services),
        state_(state),
        cluster_(cluster) {}

  schema::Diagnostics check() {
    for (const auto& resource : topology_.resources) {
      const auto& attributes = chosen(resource);
      const auto node = node_of(resource, attributes);
      const auto* facts = cluster_.node(node);
      if (facts != nullptr && !facts->online) continue;
      if (state_.row(resource.address) == nullptr) {
        check_storages(resource, attributes, node);
        check_clone(resource, node);
      }
      if (resource.address.type == "image") check_pin(resource, attributes);
      check_bridges(resource, node);
    }
    return std::move(diagnostics_);
  }

 private:
  const Value& chosen(const Resource& resource) const {
    const auto at = settled_.choices.attributes.find(resource.address);
    return at == settled_.choices.attributes.end() ? resource.attributes : at->second;
  }

  static std::string node_of(const Resource& resource, const Value& attributes) {
    const bool per_node = resource.schema->instances != schema::Instances::single;
    return per_node ? resource.address.key.value_or("") : text_at(attributes, "node");
  }

  /// "images" for the disks of guests; of an image what its volume says: "local:import/x.qcow2".
  std::string content_of(const Resource& resource, const Value& attributes) const {
    const auto* type = services_.types.find(resource.address.type);
    const auto identity = type == nullptr ? Value() : type->identity(resource.address, attributes);
    const auto volume = text_at(identity, "volid");
    const auto colon = volume.find(':'), slash = volume.find('/');
    if (colon == volume.npos || slash == volume.npos) return "images";
    return volume.substr(colon + 1, slash - colon - 1);
  }

  void check_storages(const Resource& resource, const Value& attributes, const std::string& node) {
    for (const auto& storage : names_of(resource, "storage")) {
      const auto* facts = storage_on(cluster_, node, storage.name);
      if (facts == nullptr) {
        unknown_storage(resource, storage, node);
        continue;
      }
      const auto content = content_of(resource, attributes);
      const auto& allowed = facts->content;
      if (std::find(allowed.begin(), allowed.end(), content) != allowed.end()) continue;
      auto all = allowed;
      all.push_back(content);
      add(resource, storage, "Storage does not take this",
          fmt::format(
              "{} keeps no content of type \"{}\". Allow it with: pvesm set {} --content {}",
              storage.name, content, storage.name, fmt::join(all, ",")));
    }
  }

  void unknown_storage(const Resource& resource, const NamedThing& storage,
                       const std::string& node) {
    std::vector<std::string> there;
    for (const auto& each : cluster_.storages) {
      if (node.empty() || each.node == node) there.push_back(each.storage);
    }
    if (there.empty()) {
      add(resource, storage, "No storage visible",
          fmt::format("This token sees no storage on {}: it lacks Datastore.Audit on /storage/{}, "
                      "or the node has none.",
                      node.empty() ? "any node" : node, storage.name));
      return;
    }
    add(resource, storage, "Unknown storage",
        fmt::format("{} has no storage \"{}\" that this token may see; it has {}.{}",
                    node.empty() ? "The cluster" : node, storage.name, schema::join_words(there),
                    schema::did_you_mean(storage.name, there)));
  }

  /// Proxmox copies a disk to another node only where both see the storage (FACTS 9.3).
  void check_clone(const Resource& resource, const std::string& node) {
    for (const auto& storage : names_of(resource, "storage")) {
      const auto* facts = storage_on(cluster_, node, storage.name);
      if (storage.path != Path({"disk", "os", "storage"}) || facts == nullptr || facts->shared)
        continue;
      const ResourceAddress shared{"template", text_at(resource.attributes, "template"), "",
                                   std::nullopt};
      if (topology_.find(shared) == nullptr || cluster_.nodes.size() < 2) continue;
      const auto* row = state_.row(shared);
      if (row != nullptr && text_at(row->identity, "node") == node) continue;
      add(resource, storage, "Clone cannot get there",
          fmt::format("template.{0} is one for all nodes, and a copy of it cannot be put on {1} of "
                      "{2}, which other nodes do not see. Leave disk.os.storage out, name a shared "
                      "storage, or give each node a template of its own: put template.{0} on a "
                      "storage of the nodes themselves.",
                      shared.name, storage.name, node));
    }
  }

  /// A list of checksums that nobody has read checks nothing.
  void check_pin(const Resource& resource, const Value& attributes) {
    const bool lists = !text_at(resource.attributes, "checksum_url").empty();
    if (!text_at(attributes, "checksum").empty() || (!lists && !services_.locked)) return;
    if (!told_.insert(resource.address.name).second) return;
    auto diagnostic = schema::error(
        "Image not pinned",
        lists
            ? fmt::format("The lock file has no checksum of image.{} at this url. Run pveplan lock "
                          "and commit pveplan.lock.toml.",
                          resource.address.name)
            : fmt::format("image.{} has no checksum, which --locked and CI=true ask for. Add "
                          "`checksum` or `checksum_url` and run pveplan lock.",
                          resource.address.name),
        resource.span_of(Path({lists ? "checksum_url" : "url"})));
    diagnostic.address = resource.address;
    diagnostics_.add(std::move(diagnostic));
  }

  bool is_block(const std::string& type, const std::string& name, const std::string& node) const {
    return topology_.find({type, name, "", std::nullopt}) != nullptr ||
           topology_.find({type, name, "", node}) != nullptr;
  }

  void check_bridges(const Resource& resource, const std::string& node) {
    const auto known = settled_.facts.around.bridges.find(node);
    if (known == settled_.facts.around.bridges.end()) return;
    for (const auto& bridge : names_of(resource, "bridge")) {
      if (is_block("bridge", bridge.name, node) || known->second.contains(bridge.name)) continue;
      const std::vector<std::string> there(known->second.begin(), known->second.end());
      add(resource, bridge, "Unknown bridge",
          there.empty()
              ? fmt::format("{} has no bridge \"{}\". Declare it as [bridge.{}], or name one that "
                            "exists.",
                            node, bridge.name, bridge.name)
              : fmt::format("{} has no bridge \"{}\"; it has {}.{}", node, bridge.name,
                            schema::join_words(there), schema::did_you_mean(bridge.name, there)));
    }
  }

  void add(const Resource& resource, const NamedThing& thing, std::string summary,
           std::string detail) {
    auto diagnostic =
        schema::error(std::move(summary), std::move(detail), resource.span_of(thing.path));
    diagnostic.address = resource.address;
    diagnostics_.add(std::move(diagnostic));
  }

  const schema::Topology& topology_;
  const SettledChoices& settled_;
  const Services& services_;
  const state::StateFile& state_;
  const model::ClusterFacts& cluster_;
  schema::Diagnostics diagnostics_;
  std::set<std::string> told_;
};

/// What new disks take of a storage.
struct Room {
  std::uint64_t bytes = 0;
  std::size_t unknown = 0;  ///< disks that nobody knows the size of before they are made
};
/// By node and storage.
using Rooms = std::map<std::pair<std::string, std::string>, Room>;

/// A disk that is filled from an image and states no size is as large as the image turns out.
void count_image_disk(const Change& change, const Value* disks, Rooms& rooms) {
  if (text_at(change.after, "image").empty()) return;
  const Value* os = disks == nullptr ? nullptr : disks->find("os");
  if (os != nullptr && os->find("size") != nullptr) return;
  auto storage = os == nullptr ? std::string() : text_at(*os, "storage");
  if (storage.empty()) storage = text_at(change.after, "storage");
  if (!storage.empty()) ++rooms[{text_at(change.identity, "node"), storage}].unknown;
}

/// What the plan's new disks take. Disks that a clone gets from its template are as large as there,
/// and lie where it lies; those of a linked clone take nothing before they are written to.
Rooms rooms_of(const model::Plan& plan, const LiveState& live) {
  Rooms rooms;
  for (const auto& change : plan.changes) {
    const auto node = text_at(change.identity, "node");
    const Value* disks = change.after.find("disk");
    if (change.action != model::Action::create) continue;
    count_image_disk(change, disks, rooms);
    if (disks == nullptr || !disks->has_fields()) continue;
    const auto source = clone_source(change, plan, live);
    const bool linked = text_at(change.after, "clone") == "linked";
    for (const auto& [name, disk] : disks->as_fields()) {
      const Value* size = disk.find("size");
      auto storage = text_at(disk, "storage");
      if (storage.empty()) storage = text_at(change.after, "storage");
      if (storage.empty() && source) storage = text_at(source->attributes, "storage");
      auto bytes = source && !linked ? source->disk_size(name) : 0;
      if (size != nullptr && size->kind() == Value::Kind::integer)
        bytes = static_cast<std::uint64_t>(size->as_integer());
      if (bytes > 0 && !storage.empty()) rooms[{node, storage}].bytes += bytes;
    }
  }
  return rooms;
}

void describe_capacity(model::Plan& plan, const model::ClusterFacts& cluster,
                       const LiveState& live) {
  // A shared storage is one, whatever node a guest runs on.
  struct Claim {
    const model::StorageFacts* facts = nullptr;
    Room room;
  };
  std::map<std::string, Claim> claims;
  for (const auto& [place, room] : rooms_of(plan, live)) {
    const auto* facts = storage_on(cluster, place.first, place.second);
    if (facts == nullptr || facts->total == 0) continue;
    auto& claim = claims[facts->shared ? place.second : place.second + " " + place.first];
    if (claim.facts == nullptr) claim.facts = facts;
    claim.room.bytes += room.bytes;
    claim.room.unknown += room.unknown;
  }
  for (const auto& [name, claim] : claims) {
    const auto& [facts, room] = claim;
    const auto bytes = room.bytes;
    const auto free = facts->total - std::min(facts->used, facts->total);
    if (bytes > free) {
      plan.warnings.push_back(
          schema::warning("More than is free",
                          fmt::format("New disks of {} on {}, which has {} free: the storage may "
                                      "run full when the guests fill "
                                      "their disks.",
                                      schema::format_size(static_cast<std::int64_t>(bytes)), name,
                                      schema::format_size(static_cast<std::int64_t>(free)))));
    }
    constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
    auto text = fmt::format("{} {} of {} GiB", name, (free - std::min(bytes, free)) / kGiB,
                            facts->total / kGiB);
    if (room.unknown > 0)
      text += fmt::format(" less {} {} as large as {}", room.unknown,
                          room.unknown == 1 ? "disk" : "disks",
                          room.unknown == 1 ? "its image" : "their images");
    plan.capacity.push_back(std::move(text));
  }
}

}  // namespace

schema::Diagnostics check_places(const schema::Topology& topology, const SettledChoices& settled,
                                 const Services& services, const state::StateFile& state,
                                 const model::ClusterFacts& cluster) {
  return PlaceChecks(topology, settled, services, state, cluster).check();
}

void describe_places(model::Plan& plan, const SettledChoices& settled,
                     const state::StateFile& state, const model::ClusterFacts& cluster,
                     const LiveState& live) {
  for (auto& change : plan.changes) {
    const auto why = settled.choices.placed_by.find(change.address);
    if (change.action == model::Action::create && why != settled.choices.placed_by.end())
      change.facts = (change.facts.is_null() ? Value::map({}) : change.facts)
                         .with(Path({"placement_reason"}), Value::string(why->second));
  }
  describe_clones(plan, live);
  describe_capacity(plan, cluster, live);
  std::set<std::int64_t> ours;
  for (const auto& [address, row] : state.rows) {
    const Value* vmid = row.identity.find("vmid");
    if (vmid != nullptr && vmid->kind() == Value::Kind::integer) ours.insert(vmid->as_integer());
  }
  plan.unmanaged_guests = static_cast<std::uint64_t>(
      std::count_if(cluster.guests.begin(), cluster.guests.end(),
                    [&ours](const model::GuestFacts& each) { return !ours.contains(each.vmid); }));
}

}  // namespace pveplan::engine
