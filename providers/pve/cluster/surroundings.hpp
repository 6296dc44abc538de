#pragma once

#include "providers/core/api.hpp"
#include "providers/core/cluster_reader.hpp"

namespace pveplan::pve {

/// Reads the configs of guests that are not ours, what the storages hold, and the bridges of nodes,
/// each only as far as it is asked for.
async::Task<schema::Result<core::Surroundings>> read_surroundings(
    core::Api& api, model::ClusterFacts cluster, core::SurroundingsRequest request);

/// Asks each guest's node how it runs now; what does not answer keeps what the listing said.
async::Task<model::ClusterFacts> look_closely(core::Api& api, model::ClusterFacts cluster,
                                              core::CloseLook look);

}  // namespace pveplan::pve
