#pragma once

#include "engine/graph.hpp"

#include <string>

namespace pveplan::view {

/// The resource graph for Graphviz, for Mermaid (which pull requests draw), and for programs.
/// Resources and edges by address, so that the order of the topology's text changes no byte. An
/// arrow means "needs" and carries the attribute that causes it; an edge that comes from a plain
/// name is dashed and marked `(implied)`, in JSON `"implied": true`.
std::string graph_dot(const engine::ResourceGraph& graph);
std::string graph_mermaid(const engine::ResourceGraph& graph);
std::string graph_json(const engine::ResourceGraph& graph);

}  // namespace pveplan::view
