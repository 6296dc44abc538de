#pragma once

#include "engine/services.hpp"
#include "schema/topology.hpp"
#include "state/state_file.hpp"

#include <expected>
#include <optional>

namespace pveplan::model {
struct Plan;
}

namespace pveplan::engine {

/// The topology with what `live:` names stand for, found in the cluster as it is: a template by its
/// number, the disk that it boots from in its slot, and a node that can hold the clone. nullopt
/// where nothing is named so, and where nothing is made new. Resources that exist keep what they
/// were made from, whatever has become of it. Nothing that is found is ever written to.
async::Task<std::expected<std::optional<schema::Topology>, schema::Diagnostics>> resolve_live_names(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster, bool makes_new);

/// Says of each new clone of such a template what is copied.
void describe_live_clones(model::Plan& plan, const model::ClusterFacts& cluster);

}  // namespace pveplan::engine
