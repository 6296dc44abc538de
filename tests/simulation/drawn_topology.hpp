#pragma once

#include "schema/topology.hpp"
#include "tests/simulation/drawn_values.hpp"

#include <string>
#include <vector>

namespace pveplan::sim {

/// A topology as blocks, whose order in the text means nothing.
struct DrawnTopology {
  std::string head;
  std::vector<std::string> blocks;

  std::string text() const;
  std::string shuffled(SimRandom& draws) const;
};

/// What one life has in common from edit to edit.
struct DrawnLife {
  std::uint64_t seed = 0;
  int nodes = 1;
  int version = 0;  ///< of the server: 804
  std::vector<std::string> node_names() const;
};

/// Any topology for a rig with that many nodes: every type and every attribute that the schemas
/// know may occur (see draw_block).
DrawnTopology draw_topology(const DrawnLife& life, int edit, SimRandom& draws);

/// The same text as the program understands it. Throws when it finds a fault in it.
schema::Topology understood(const std::string& text);

}  // namespace pveplan::sim
