#include "engine/topology_graph.hpp"

namespace pveplan::engine {

using schema::ResourceAddress;
using schema::Value;

namespace {

/// The node of what lives on one: its chosen or stated one, or the key of what each node has.
std::string node_of(const schema::Resource& resource, const ChosenAttributes& chosen) {
  const bool per_node = resource.schema->instances != schema::Instances::single;
  if (per_node) return resource.address.key.value_or("");
  const auto at = chosen.find(resource.address);
  const auto& attributes = at == chosen.end() ? resource.attributes : at->second;
  const Value* node = attributes.find("node");
  return node != nullptr && node->is_string() ? node->as_string() : std::string();
}

class GraphMaker {
 public:
  GraphMaker(const schema::Topology& topology, const ChosenAttributes& chosen)
      : topology_(topology), chosen_(chosen) {}

  ResourceGraph make() {
    for (const auto& resource : topology_.resources) {
      groups_[resource.address.group()].push_back(graph_.add(resource.address));
    }
    for (const auto& resource : topology_.resources) {
      const auto from = *graph_.find(resource.address);
      for (const auto& dependency : resource.dependencies) {
        for (const auto target : targets(resource, dependency))
          graph_.add_edge(from,
                          {target, dependency.attribute, dependency.span, dependency.implied});
      }
    }
    return std::move(graph_);
  }

 private:
  /// A target without a key means every instance, but of what each node has only the copy of the
  /// own node.
  std::vector<ResourceGraph::Vertex> targets(const schema::Resource& resource,
                                             const schema::Dependency& dependency) const {
    if (const auto one = graph_.find(dependency.target)) return {*one};
    const auto group = groups_.find(dependency.target);
    if (group == groups_.end()) return {};
    const auto& schema = *topology_.find(graph_.address(group->second.front()))->schema;
    const auto node = node_of(resource, chosen_);
    if (schema.instances == schema::Instances::single || node.empty()) return group->second;
    auto copy = dependency.target;
    copy.key = node;
    if (const auto own = graph_.find(copy)) return {*own};
    return group->second;
  }

  const schema::Topology& topology_;
  const ChosenAttributes& chosen_;
  ResourceGraph graph_;
  std::map<ResourceAddress, std::vector<ResourceGraph::Vertex>> groups_;
};

}  // namespace

ResourceGraph make_graph(const schema::Topology& topology, const ChosenAttributes& chosen) {
  return GraphMaker(topology, chosen).make();
}

}  // namespace pveplan::engine
