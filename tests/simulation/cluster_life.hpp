#pragma once

#include <cstdint>
#include <string>

namespace pveplan::sim {

/// How one life of a cluster ended.
struct ClusterLife {
  std::string fault;  ///< empty: all went as it must
  std::uint64_t trace = 0;
};

/// A cluster of one to three nodes, random topologies on it one after the other, other people who
/// work on it between the runs and during them, a second pveplan, and every fault. After each
/// topology the world comes to rest, and pveplan must reach what the text says, or name what
/// stands in its way. `print`: tells what happens.
ClusterLife live_in_cluster(std::uint64_t seed, bool print = false);

}  // namespace pveplan::sim
