#pragma once

#include "engine/graph.hpp"
#include "schema/topology.hpp"

#include <map>

namespace pveplan::engine {

/// Attributes as chosen at plan time; where there is no entry, as stated.
using ChosenAttributes = std::map<schema::ResourceAddress, schema::Value>;

/// The resource graph of a topology; unknown targets were reported by the decoder already. What is
/// chosen tells on which node's copy of a per-node resource another one depends.
ResourceGraph make_graph(const schema::Topology& topology, const ChosenAttributes& chosen = {});

}  // namespace pveplan::engine
