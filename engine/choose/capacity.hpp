#pragma once

#include "engine/planner.hpp"

#include <string>

namespace pveplan::engine {

/// A storage as a node sees it; of no node in particular, preferably one that can use it. nullptr
/// where no node has it, or the token may not see it.
const model::StorageFacts* storage_on(const model::ClusterFacts& cluster, const std::string& node,
                                      const std::string& name);

/// What the plan leaves free on each storage that it downloads images to, puts disks on or grows
/// them, and a warning where that is less than nothing. A shared storage is one, whatever node a
/// guest is on.
void describe_capacity(model::Plan& plan, const model::ClusterFacts& cluster,
                       const LiveState& live);

}  // namespace pveplan::engine
