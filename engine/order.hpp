#pragma once

#include "engine/graph.hpp"
#include "engine/waves.hpp"
#include "model/change.hpp"
#include "model/step.hpp"
#include "providers/core/resource_type.hpp"

#include <map>
#include <vector>

namespace pveplan::engine {

/// What the order of steps depends on.
struct OrderInput {
  const std::vector<model::Change>& changes;
  const ResourceGraph& graph;  ///< of the desired resources
  const std::vector<ResourceGraph::Vertex>& order;
  /// Direct dependencies of what exists, as the state remembers them.
  const std::map<schema::ResourceAddress, std::vector<schema::ResourceAddress>>& old_dependencies;
  const core::TypeRegistry& types;
  const std::vector<Wave>& waves;
};

/// Operation of steps that only hold others back, and of steps that only change the state.
inline constexpr const char* kBarrier = "barrier";
inline constexpr const char* kStateOnly = "state";

/// The step graph of a plan. Creates and updates follow what they need; deletes run before what
/// they needed is deleted; a replacement deletes its dependents' old halves first. Ids are indices.
std::vector<model::Step> order_steps(const OrderInput& input);

}  // namespace pveplan::engine
