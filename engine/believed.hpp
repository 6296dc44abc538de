#pragma once

#include "engine/planner.hpp"

namespace pveplan::engine {

/// What the state says, as if it had just been read (--refresh=false). Run states come from the
/// cluster's listing; volumes are what the state knows of, so that no loss is hidden; what changes
/// live is not known, so that effects are told at their worst.
LiveState believed(const Rows& rows, const model::ClusterFacts& cluster,
                   const core::TypeRegistry& types);

}  // namespace pveplan::engine
