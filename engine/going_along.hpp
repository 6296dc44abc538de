#pragma once

#include "model/change.hpp"
#include "model/cluster.hpp"

namespace pveplan::engine {

/// Tells of a change that takes data or a guest away what goes along elsewhere, and what of the
/// data the last backup holds. For people only: no decision looks at it.
void describe_going_along(model::Change& change, const model::ClusterFacts& cluster);

}  // namespace pveplan::engine
