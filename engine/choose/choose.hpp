#pragma once

#include "engine/planner.hpp"
#include "engine/services.hpp"
#include "schema/lock_file.hpp"
#include "schema/topology.hpp"
#include "state/state_file.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace pveplan::engine {

/// What was found out besides the cluster's listing before something is chosen.
struct ChoiceFacts {
  ChoiceFacts() {}  // no aggregate: coroutine parameter (g++ 12)
  core::Surroundings around;
  std::set<std::int64_t> taken_vmids;  ///< of guests that the listing hides from this token
  schema::Pins pins;                   ///< of the lock file
  /// Slots of living guests that hold something which the topology does not declare.
  std::map<schema::ResourceAddress, std::set<std::string>> occupied_slots;
  /// Addresses that running guests gave up, and have until they are restarted.
  std::map<std::string, schema::ResourceAddress> held_addresses;
};

/// Attributes of every resource with the values that are chosen at plan time (DEFINITIONS 2): in
/// address order and reproducibly, so that the plan in a pull request shows what apply will use.
struct Choices {
  /// The resources with per-node ones expanded; absent when that changes nothing.
  std::optional<schema::Topology> expanded;
  std::map<schema::ResourceAddress, schema::Value> attributes;
  /// New resources on a node that cannot be reached, and why.
  std::map<schema::ResourceAddress, std::string> unreachable;
  /// Why a node was chosen: "fewest guests".
  std::map<schema::ResourceAddress, std::string> placed_by;
  std::set<std::int64_t> new_vmids;   ///< not confirmed to be free yet
  std::set<std::string> new_nics_on;  ///< nodes where a NIC is new
  schema::Diagnostics diagnostics;

  const schema::Topology& topology(const schema::Topology& stated) const {
    return expanded ? *expanded : stated;
  }
};

/// Pure: what is chosen follows from the topology, the state, the cluster's listing and the facts.
Choices choose(const schema::Topology& topology, const state::StateFile& state,
               const model::ClusterFacts& cluster, const ChoiceFacts& facts);

}  // namespace pveplan::engine
