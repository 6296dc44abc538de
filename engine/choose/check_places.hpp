#pragma once

#include "engine/choose/settle_choices.hpp"

namespace pveplan::engine {

/// Whether the places that new objects name exist and can take them: storages with their content
/// types and free space, and bridges. Each error says the command that cures it.
schema::Diagnostics check_places(const schema::Topology& topology, const SettledChoices& settled,
                                 const Services& services, const state::StateFile& state,
                                 const model::ClusterFacts& cluster);

/// What a reader wants to know of places: why a node was chosen, what will be free, and how many
/// guests are not managed.
void describe_places(model::Plan& plan, const SettledChoices& settled,
                     const state::StateFile& state, const model::ClusterFacts& cluster,
                     const LiveState& live);

}  // namespace pveplan::engine
