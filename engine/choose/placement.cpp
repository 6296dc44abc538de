#include "engine/choose/placement.hpp"

#include "engine/choose/schema_walk.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace pveplan::engine {

using schema::Resource;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// How full a node is, as the rules of placement count.
struct Load {
  std::size_t ours = 0;  ///< guests of this topology
  std::size_t all = 0;
  std::int64_t free_memory = 0;                   ///< bytes
  std::map<ResourceAddress, std::size_t> blocks;  ///< instances by block
  std::map<std::string, std::size_t> labels;      ///< guests by `apart`
};

class Placer {
 public:
  Placer(const schema::Topology& topology, const state::StateFile& state,
         const model::ClusterFacts& cluster)
      : topology_(topology), state_(state), cluster_(cluster) {
    for (const auto& resource : topology.resources)
      blocks_[resource.address.group()].push_back(&resource);
    for (const auto& node : cluster.nodes) {
      auto& load = loads_[node.name];
      load.free_memory = static_cast<std::int64_t>(node.memory);
    }
    for (const auto& guest : cluster.guests) {
      auto& load = loads_[guest.node];
      ++load.all;
      if (!guest.is_template) load.free_memory -= static_cast<std::int64_t>(guest.memory);
    }
  }

  Placement place() {
    std::vector<const Resource*> open;
    for (const auto& resource : topology_.resources) {
      if (resource.schema->instances != schema::Instances::single && resource.address.key)
        check_name(resource, *resource.address.key, "nodes");
      if (attribute_of_choice(resource.schema->object, schema::Choice::node) == nullptr) continue;
      const auto known = known_node(resource);
      if (known.empty()) {
        open.push_back(&resource);
      } else {
        settle(resource, known);
      }
    }
    for (const auto* resource : open) choose(*resource);
    return std::move(result_);
  }

 private:
  const Value* owned(const Resource& resource) const {
    const auto* row = state_.row(resource.address);
    return row == nullptr ? nullptr : &row->owned;
  }

  std::string known_node(const Resource& resource) {
    auto stated = text_at(resource.attributes, "node");
    if (!stated.empty()) {
      check_stated(resource, stated);
      return stated;
    }
    const auto* remembered = owned(resource);
    return remembered == nullptr ? std::string() : text_at(*remembered, "node");
  }

  void check_stated(const Resource& resource, const std::string& name) {
    const bool is_new = state_.row(resource.address) == nullptr;
    if (check_name(resource, name, "node") && !cluster_.node(name)->online && is_new)
      result_.unreachable.emplace(resource.address, fmt::format("node {} is offline", name));
  }

  bool check_name(const Resource& resource, const std::string& name, const char* attribute) {
    if (cluster_.node(name) != nullptr) return true;
    std::vector<std::string> names;
    for (const auto& each : cluster_.nodes) names.push_back(each.name);
    add(resource, "Unknown node",
        fmt::format("The cluster has no node \"{}\"; it has {}.{}", name, schema::join_words(names),
                    schema::did_you_mean(name, names)),
        attribute);
    return false;
  }

  void add(const Resource& resource, std::string summary, std::string detail, const char* where) {
    auto diagnostic = schema::error(std::move(summary), std::move(detail),
                                    resource.span_of(schema::Path({where})));
    diagnostic.address = resource.address;
    result_.diagnostics.add(std::move(diagnostic));
  }

  void settle(const Resource& resource, const std::string& node) {
    result_.nodes.emplace(resource.address, node);
    auto& load = loads_[node];
    ++load.ours;
    ++load.blocks[resource.address.group()];
    const auto label = text_at(resource.attributes, "apart");
    if (!label.empty()) ++load.labels[label];
    if (state_.row(resource.address) != nullptr) return;  // counted with the cluster's guests
    ++load.all;
    const auto* memory = resource.attributes.find("memory");
    if (memory != nullptr && memory->kind() == Value::Kind::integer)
      load.free_memory -= memory->as_integer();
  }

  bool has_storage(const std::string& node, const std::string& storage) const {
    return std::any_of(cluster_.storages.begin(), cluster_.storages.end(),
                       [&](const model::StorageFacts& each) {
                         return each.node == node && each.storage == storage && each.available;
                       });
  }

  /// What a token may not see looks as if it were not there (DEFINITIONS 4).
  std::string without_storage(const std::string& node, const std::string& storage) const {
    bool any = false;
    for (const auto& each : cluster_.storages) {
      if (each.node != node) continue;
      any = true;
      if (each.storage == storage)
        return fmt::format("storage {} of {} is not active", storage, node);
    }
    if (any) return fmt::format("{} has no storage {} that this token may see", node, storage);
    return fmt::format("this token may see no storage of {} (it lacks Datastore.Audit)", node);
  }

  /// A word on the first storage that no node has; empty where each is somewhere.
  std::string mistyped_storage(const Resource& resource) const {
    std::set<std::string> known;
    for (const auto& each : cluster_.storages) known.insert(each.storage);
    for (const auto& storage : names_of(resource, "storage")) {
      if (!known.contains(storage.name))
        return schema::did_you_mean(storage.name, {known.begin(), known.end()});
    }
    return {};
  }

  /// Whether the node has everything that the resource names there. `missing` gets a word on what
  /// it lacks.
  bool can_hold(const Resource& resource, const std::string& node, std::string& missing) const {
    for (const auto& storage : names_of(resource, "storage")) {
      if (has_storage(node, storage.name)) continue;
      missing = without_storage(node, storage.name);
      return false;
    }
    for (const auto& [type, thing] : own_node_names(resource)) {
      const auto block = blocks_.find(ResourceAddress{type, thing.name, "", std::nullopt});
      if (block != blocks_.end() && !block_reaches(block->second, node, missing)) return false;
    }
    return true;
  }

  bool block_reaches(const std::vector<const Resource*>& instances, const std::string& node,
                     std::string& missing) const {
    const auto& first = *instances.front();
    if (first.schema->instances == schema::Instances::single) return true;
    if (first.unexpanded()) return can_hold(first, node, missing);
    const bool found = std::any_of(
        instances.begin(), instances.end(),
        [&node](const Resource* each) { return !each->address.key || *each->address.key == node; });
    if (!found) missing = fmt::format("{} is not on {}", first.address.group().text(), node);
    return found;
  }

  void choose(const Resource& resource) {
    std::vector<std::string> candidates, reasons;
    for (const auto& node : cluster_.nodes) {
      std::string missing;
      if (!node.online) {
        reasons.push_back(fmt::format("{} is offline", node.name));
      } else if (can_hold(resource, node.name, missing)) {
        candidates.push_back(node.name);
      } else {
        reasons.push_back(missing);
      }
    }
    if (candidates.empty()) {
      add(resource, "No node to place it on",
          fmt::format("No node of the cluster can hold {}: {}.{}", resource.address.text(),
                      schema::join_words(reasons), mistyped_storage(resource)),
          "node");
      return;
    }
    const auto rule = text_at(resource.attributes, "placement");
    const auto best = *std::min_element(
        candidates.begin(), candidates.end(), [&](const std::string& a, const std::string& b) {
          return score(resource, rule, a) < score(resource, rule, b);
        });
    if (cluster_.nodes.size() > 1) result_.placed_by.emplace(resource.address, reason(rule));
    settle(resource, best);
  }

  static std::string reason(const std::string& rule) {
    if (rule == "spread") return "spread";
    return rule == "memory" ? "most free memory" : "fewest guests";
  }

  using Score = std::tuple<std::size_t, std::int64_t, std::size_t, std::size_t, std::string>;
  Score score(const Resource& resource, const std::string& rule, const std::string& node) {
    const auto& load = loads_[node];
    const auto label = load.labels.find(text_at(resource.attributes, "apart"));
    const auto together = label == load.labels.end() ? 0 : label->second;
    std::int64_t first = 0;
    if (rule == "memory") first = -load.free_memory;
    if (rule == "spread") {
      const auto block = load.blocks.find(resource.address.group());
      first = block == load.blocks.end() ? 0 : static_cast<std::int64_t>(block->second);
    }
    return {together, first, load.ours, load.all, node};
  }

  const schema::Topology& topology_;
  const state::StateFile& state_;
  const model::ClusterFacts& cluster_;
  std::map<ResourceAddress, std::vector<const Resource*>> blocks_;
  std::map<std::string, Load> loads_;
  Placement result_;
};

}  // namespace

Placement place(const schema::Topology& topology, const state::StateFile& state,
                const model::ClusterFacts& cluster) {
  return Placer(topology, state, cluster).place();
}

}  // namespace pveplan::engine
