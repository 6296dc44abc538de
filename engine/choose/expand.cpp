#include "engine/choose/expand.hpp"

#include "engine/choose/schema_walk.hpp"
#include "schema/load.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::Resource;
using schema::ResourceAddress;

namespace {

class Expansion {
 public:
  Expansion(const schema::Topology& topology, const state::StateFile& state,
            const model::ClusterFacts& cluster, const Placement& placement)
      : topology_(topology), state_(state), cluster_(cluster), placement_(placement) {}

  void collect() {
    for (const auto& resource : topology_.resources) {
      if (resource.unexpanded()) nodes_[resource.address];
    }
    for (const auto& [address, row] : state_.rows) {
      const auto at = nodes_.find(address.group());
      if (at != nodes_.end() && address.key && cluster_.node(*address.key) != nullptr)
        at->second.insert(*address.key);
    }
    // A block of this kind may be used by another of this kind: until nothing is added any more.
    while (pass()) {
    }
  }

  std::vector<Resource> instances(const Resource& block, schema::Diagnostics& diagnostics) const {
    if (is_shared(text_at(block.attributes, "storage"))) {
      auto one = block;
      one.recipe = nullptr;
      return {std::move(one)};
    }
    const auto& nodes = nodes_.at(block.address);
    if (nodes.empty()) {
      auto diagnostic = schema::error(
          "Nothing uses it",
          fmt::format(
              "No guest or template uses {0}, so nobody can tell on which nodes it belongs. "
              "Name them with `nodes`, or take [{0}] out.",
              block.address.text()),
          block.span);
      diagnostic.address = block.address;
      diagnostics.add(std::move(diagnostic));
    }
    return schema::expand_per_node(block, {nodes.begin(), nodes.end()});
  }

 private:
  bool is_shared(const std::string& storage) const {
    return std::any_of(cluster_.storages.begin(), cluster_.storages.end(),
                       [&storage](const model::StorageFacts& each) {
                         return each.storage == storage && each.shared;
                       });
  }

  /// The nodes on which the resource is.
  std::set<std::string> nodes_of(const Resource& resource) const {
    if (const auto own = nodes_.find(resource.address); own != nodes_.end()) return own->second;
    if (const auto placed = placement_.nodes.find(resource.address);
        placed != placement_.nodes.end())
      return {placed->second};
    const bool per_node = resource.schema->instances != schema::Instances::single;
    if (per_node && resource.address.key) return {*resource.address.key};
    return {};
  }

  bool pass() {
    bool grown = false;
    for (const auto& resource : topology_.resources) {
      const auto here = nodes_of(resource);
      if (here.empty()) continue;
      for (const auto& [type, thing] : own_node_names(resource)) {
        const auto at = nodes_.find(ResourceAddress{type, thing.name, "", std::nullopt});
        if (at == nodes_.end()) continue;
        const auto before = at->second.size();
        at->second.insert(here.begin(), here.end());
        grown = grown || at->second.size() > before;
      }
    }
    return grown;
  }

  const schema::Topology& topology_;
  const state::StateFile& state_;
  const model::ClusterFacts& cluster_;
  const Placement& placement_;
  std::map<ResourceAddress, std::set<std::string>> nodes_;
};

}  // namespace

std::optional<schema::Topology> expand(const schema::Topology& topology,
                                       const state::StateFile& state,
                                       const model::ClusterFacts& cluster,
                                       const Placement& placement,
                                       schema::Diagnostics& diagnostics) {
  const bool any = std::any_of(topology.resources.begin(), topology.resources.end(),
                               [](const Resource& each) { return each.unexpanded(); });
  if (!any) return std::nullopt;
  Expansion expansion(topology, state, cluster, placement);
  expansion.collect();
  auto result = topology;
  result.resources.clear();
  for (const auto& resource : topology.resources) {
    if (!resource.unexpanded()) {
      result.resources.push_back(resource);
      continue;
    }
    for (auto& instance : expansion.instances(resource, diagnostics))
      result.resources.push_back(std::move(instance));
  }
  std::sort(result.resources.begin(), result.resources.end(),
            [](const Resource& a, const Resource& b) { return a.address < b.address; });
  return result;
}

}  // namespace pveplan::engine
