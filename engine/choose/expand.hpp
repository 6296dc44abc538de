#pragma once

#include "engine/choose/placement.hpp"

namespace pveplan::engine {

/// The resources with an instance on each node where one is used or known to the state, for blocks
/// that name no nodes; absent when every block names them.
std::optional<schema::Topology> expand(const schema::Topology& topology,
                                       const state::StateFile& state,
                                       const model::ClusterFacts& cluster,
                                       const Placement& placement,
                                       schema::Diagnostics& diagnostics);

}  // namespace pveplan::engine
