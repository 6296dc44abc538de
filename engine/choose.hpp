#pragma once

#include "engine/planner.hpp"
#include "engine/services.hpp"
#include "schema/topology.hpp"
#include "state/state_file.hpp"

#include <map>

namespace pveplan::engine {

/// Attributes of every resource with the values that are chosen at plan time (DEFINITIONS 2): in
/// address order and reproducibly, so that the plan in a pull request shows what apply will use.
struct Choices {
  std::map<schema::ResourceAddress, schema::Value> attributes;
  schema::Diagnostics diagnostics;
};

/// Pure: what is chosen follows from the topology, the state and the cluster's listing.
Choices choose(const schema::Topology& topology, const state::StateFile& state,
               const model::ClusterFacts& cluster);

}  // namespace pveplan::engine
