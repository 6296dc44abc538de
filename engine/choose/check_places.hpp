#pragma once

#include "engine/choose/settle_choices.hpp"

namespace pveplan::engine {

/// Whether the places that new objects name, and new parts of living ones, exist and can take them:
/// storages with their content types, and bridges, on the node where each guest is. Each error says
/// the command that cures it; all instances of a block tell theirs.
std::vector<schema::Diagnostic> check_places(const schema::Topology& topology,
                                             const SettledChoices& settled,
                                             const Services& services,
                                             const state::StateFile& state,
                                             const model::ClusterFacts& cluster,
                                             const LiveState& live, const PlanRequest& request);

/// Reads which bridges the nodes have on which NICs of living guests are added or change theirs.
async::Task<schema::Result<void>> read_bridges(const Services& services,
                                               const schema::Topology& topology,
                                               SettledChoices* settled,
                                               const model::ClusterFacts& cluster,
                                               const LiveState& live, const PlanRequest& request);

/// What a reader wants to know of places: why a node was chosen, what will be free, and how many
/// guests are not managed.
void describe_places(model::Plan& plan, const SettledChoices& settled,
                     const state::StateFile& state, const model::ClusterFacts& cluster,
                     const LiveState& live);

}  // namespace pveplan::engine
