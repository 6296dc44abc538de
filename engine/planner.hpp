#pragma once

#include "engine/plan_value.hpp"
#include "engine/references.hpp"
#include "engine/scope.hpp"
#include "engine/topology_graph.hpp"
#include "model/cluster.hpp"
#include "model/live.hpp"
#include "model/plan.hpp"
#include "providers/core/resource_type.hpp"
#include "schema/topology.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace pveplan::engine {

using Rows = std::map<schema::ResourceAddress, model::Row>;

/// What the last refresh saw: rows of the state, and objects that would stand in the way of new
/// ones.
struct LiveState {
  LiveState() {}  // no aggregate: coroutine parameter (g++ 12)
  std::map<schema::ResourceAddress, model::ReadOutcome> objects;
};

/// What a person may ask of a plan.
struct PlanRequest {
  PlanRequest() {}  // no aggregate: coroutine parameter (g++ 12)
  model::PlanMode mode = model::PlanMode::converge;
  std::vector<std::string> allow_data_loss;  ///< globs over addresses
  std::vector<std::string> restart;          ///< globs over addresses
  /// Only what exists is compared, for its drift: nothing is chosen or read for what is new, and no
  /// plan is refused, since nobody will apply it.
  bool only_looks = false;
  std::vector<std::string> targets;   ///< globs, see Scope
  std::vector<std::string> excludes;  ///< globs, see Scope
  std::vector<std::string> replace;   ///< globs over addresses
  std::vector<std::string> rotate;    ///< globs over addresses: secrets are sent again
  bool refresh = true;                ///< false: believe the state
};

/// What `[[moved]]`, `[[removed]]`, `[[import]]` and `manage = "observe"` did to the rows that a
/// plan is made from.
struct SetChanges {
  std::map<schema::ResourceAddress, schema::ResourceAddress> moved_from;
  std::map<schema::ResourceAddress, std::string> imported_from;  ///< the id
  /// Rows that are new: nobody changed anything "since the last apply".
  std::set<schema::ResourceAddress> adopted;
  std::set<schema::ResourceAddress> kept;  ///< `[[removed]]` with destroy = false
};

/// Everything that a plan is made from; making it is pure.
struct PlanInput {
  const schema::Topology& topology;
  const ChosenAttributes& chosen;
  const ResourceGraph& graph;
  const std::vector<ResourceGraph::Vertex>& order;
  const Rows& rows;
  const LiveState& live;
  const model::ClusterFacts& cluster;
  const core::TypeRegistry& types;
  const PlanRequest& request;
  const SetChanges& set_changes;
  const Scope& scope;
  SecretDigest digest = {};  ///< where the topology has secrets: what the state remembers them by
};

/// A plan, and rows whose exports or dependencies changed without any change to an object: apply
/// stores them silently.
struct Planned {
  model::Plan plan;
  std::vector<model::Row> silent_rows;
  schema::Diagnostics diagnostics;
};

/// The desired attributes as a choice step left them, references not yet resolved.
const schema::Value& desired_attributes(const PlanInput& input, const schema::Resource& resource);

Planned make_plan(const PlanInput& input);

}  // namespace pveplan::engine
