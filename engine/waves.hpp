#pragma once

#include "engine/graph.hpp"
#include "model/change.hpp"

#include <vector>

namespace pveplan::engine {

/// Resources that must not be down at the same time, in the order in which they take their turns.
using Wave = std::vector<schema::ResourceAddress>;

/// The changes that take guests down for a moment, or stop them, by what they have in common: the
/// block, or the `apart` label (LANGUAGE 10: max_unavailable = 1). Two members at least; each wave
/// is in dependency order. Each such change is told so in a note.
std::vector<Wave> make_waves(std::vector<model::Change>& changes, const ResourceGraph& graph,
                             const std::vector<ResourceGraph::Vertex>& order);

}  // namespace pveplan::engine
