#include "engine/choose/check_places.hpp"

#include "engine/address_glob.hpp"
#include "engine/choose/capacity.hpp"
#include "engine/choose/clone_source.hpp"
#include "engine/choose/schema_walk.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Path;
using schema::Resource;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// A resource, where it is or will be, and what there is of it already.
struct Placed {
  const Resource& resource;
  const Value& attributes;      ///< with what was chosen
  const model::LiveObject* is;  ///< null: it is made by this plan
  std::string node;

  /// Whether the plan adds the part that says so, or makes the whole resource.
  bool adds(const NamedThing& thing) const {
    if (is == nullptr) return true;
    const auto& steps = thing.path.steps();
    if (steps.size() < 3) return forces_new(thing);
    const Path part({steps[0], steps[1]});
    return !is_ignored(part) && is->attributes.find(part) == nullptr;
  }
  /// The same, or names there what is not in force yet.
  bool changes(const NamedThing& thing) const {
    if (adds(thing)) return true;
    const auto& steps = thing.path.steps();
    if (steps.size() < 3 || is_ignored(Path({steps[0], steps[1]})) || is_ignored(thing.path))
      return false;
    return !is_now(thing);
  }

 private:
  bool is_now(const NamedThing& thing) const {
    const Value* now = is->attributes.find(thing.path);
    return now != nullptr && *now == Value::string(thing.name);
  }
  bool forces_new(const NamedThing& thing) const {
    return thing.attribute->effect == schema::EffectRule::identity && !is_now(thing);
  }
  bool is_ignored(const Path& path) const {
    return resource.lifecycle.ignore.contains(path.text());
  }
};

class Places {
 public:
  Places(const schema::Topology& topology, const SettledChoices& settled,
         const model::ClusterFacts& cluster, const LiveState& live, const PlanRequest& request)
      : topology_(topology), settled_(settled), cluster_(cluster), live_(live), request_(request) {}

  /// nullopt for what cannot be looked at, or is only looked at.
  std::optional<Placed> find(const Resource& resource) const {
    if (resource.lifecycle.observe) return std::nullopt;
    const auto& attributes = chosen(resource);
    const auto seen = live_.objects.find(resource.address);
    const model::LiveObject* is = nullptr;
    if (seen != live_.objects.end()) {
      if (std::holds_alternative<model::Unreadable>(seen->second)) return std::nullopt;
      is = std::get_if<model::LiveObject>(&seen->second);
    }
    // A guest may have been moved: it counts where it is.
    auto node = is == nullptr ? std::string() : text_at(is->identity, "node");
    if (node.empty()) node = node_of(resource, attributes);
    const auto* facts = cluster_.node(node);
    if (facts != nullptr && !facts->online) return std::nullopt;
    if (is_named_by_any(resource.address, request_.replace)) is = nullptr;
    return Placed{resource, attributes, is, std::move(node)};
  }

  bool is_block(const std::string& type, const std::string& name, const std::string& node) const {
    return topology_.find({type, name, "", std::nullopt}) != nullptr ||
           topology_.find({type, name, "", node}) != nullptr;
  }

  /// The bridges that are no blocks of the topology and that a new or changed NIC names.
  std::vector<NamedThing> bridges_to_check(const Placed& placed) const {
    auto bridges = names_of(placed.resource, "bridge");
    std::erase_if(bridges, [&](const NamedThing& each) {
      return is_block("bridge", each.name, placed.node) || !placed.changes(each);
    });
    return bridges;
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

  const schema::Topology& topology_;
  const SettledChoices& settled_;
  const model::ClusterFacts& cluster_;
  const LiveState& live_;
  const PlanRequest& request_;
};

class PlaceChecks {
 public:
  PlaceChecks(const schema::Topology& topology, const SettledChoices& settled,
              const Services& services, const state::StateFile& state,
              const model::ClusterFacts& cluster, const Places& places)
      : topology_(topology),
        settled_(settled),
        services_(services),
        state_(state),
        cluster_(cluster),
        places_(places) {}

  std::vector<schema::Diagnostic> check() {
    for (const auto& resource : topology_.resources) {
      const auto placed = places_.find(resource);
      if (!placed) continue;
      check_storages(*placed);
      if (placed->is == nullptr) check_clone(resource, placed->node);
      if (resource.address.type == "image") check_pin(resource, placed->attributes);
      check_bridges(*placed);
    }
    return std::move(diagnostics_);
  }

 private:
  /// "images" for the disks of guests; of an image what its volume says: "local:import/x.qcow2".
  std::string content_of(const Resource& resource, const Value& attributes) const {
    const auto* type = services_.types.find(resource.address.type);
    const auto identity = type == nullptr ? Value() : type->identity(resource.address, attributes);
    const auto volume = text_at(identity, "volid");
    const auto colon = volume.find(':'), slash = volume.find('/');
    if (colon == volume.npos || slash == volume.npos) return "images";
    return volume.substr(colon + 1, slash - colon - 1);
  }

  void check_storages(const Placed& placed) {
    const auto& resource = placed.resource;
    for (const auto& storage : names_of(resource, "storage")) {
      if (!placed.adds(storage)) continue;
      const auto* facts = storage_on(cluster_, placed.node, storage.name);
      if (facts == nullptr) {
        unknown_storage(resource, storage, placed.node);
        continue;
      }
      if (!facts->available) inactive_storage(resource, storage, facts->node);
      const auto content = content_of(resource, placed.attributes);
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

  /// The listing takes up to 10 s to notice one that was just added (FACTS 18).
  void inactive_storage(const Resource& resource, const NamedThing& storage,
                        const std::string& node) {
    add(resource, storage, "Storage not active",
        fmt::format("{0} of {1} is not active now, and nothing can be put on it. Find out why with "
                    "`pvesm status --storage {0}` on {1}; if it was added just now, plan again in "
                    "10 s.",
                    storage.name, node));
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
    diagnostics_.push_back(std::move(diagnostic));
  }

  void check_bridges(const Placed& placed) {
    const auto& node = placed.node;
    const auto known = settled_.facts.around.bridges.find(node);
    if (known == settled_.facts.around.bridges.end()) return;
    for (const auto& bridge : places_.bridges_to_check(placed)) {
      if (known->second.contains(bridge.name)) continue;
      const std::vector<std::string> there(known->second.begin(), known->second.end());
      add(placed.resource, bridge, "Unknown bridge",
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
    diagnostics_.push_back(std::move(diagnostic));
  }

  const schema::Topology& topology_;
  const SettledChoices& settled_;
  const Services& services_;
  const state::StateFile& state_;
  const model::ClusterFacts& cluster_;
  const Places& places_;
  std::vector<schema::Diagnostic> diagnostics_;
  std::set<std::string> told_;
};

}  // namespace

std::vector<schema::Diagnostic> check_places(const schema::Topology& topology,
                                             const SettledChoices& settled,
                                             const Services& services,
                                             const state::StateFile& state,
                                             const model::ClusterFacts& cluster,
                                             const LiveState& live, const PlanRequest& request) {
  const Places places(topology, settled, cluster, live, request);
  return PlaceChecks(topology, settled, services, state, cluster, places).check();
}

async::Task<schema::Result<void>> read_bridges(const Services& services,
                                               const schema::Topology& topology,
                                               SettledChoices* settled,
                                               const model::ClusterFacts& cluster,
                                               const LiveState& live, const PlanRequest& request) {
  const Places places(topology, *settled, cluster, live, request);
  core::SurroundingsRequest wanted;
  for (const auto& resource : topology.resources) {
    const auto placed = places.find(resource);
    if (!placed || settled->facts.around.bridges.contains(placed->node)) continue;
    if (!places.bridges_to_check(*placed).empty()) wanted.bridges_of.insert(placed->node);
  }
  if (services.cluster == nullptr || wanted.bridges_of.empty()) co_return schema::Result<void>();
  auto around = co_await services.cluster->look_around(cluster, wanted);
  if (!around) co_return std::unexpected(around.error());
  settled->reads += around->reads;
  settled->facts.around.bridges.merge(around->bridges);
  co_return schema::Result<void>();
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
  const auto ours = managed_guests(state);
  plan.unmanaged_guests = static_cast<std::uint64_t>(
      std::count_if(cluster.guests.begin(), cluster.guests.end(),
                    [&ours](const model::GuestFacts& each) { return !ours.contains(each.vmid); }));
}

}  // namespace pveplan::engine
