#pragma once

#include "engine/services.hpp"
#include "schema/topology.hpp"
#include "state/state_file.hpp"

#include <string>
#include <vector>

namespace pveplan::engine {

/// What the cluster tells of a state that was lost.
class Rebuilt {
 public:
  Rebuilt() {}
  state::StateFile state;          ///< what there was, with the rows that were found
  std::vector<std::string> taken;  ///< "vm.db: 231 on pve1"
  std::vector<std::string> left;   ///< what was found and is not taken, with the reason
};

/// Guests that carry our marker, and objects without one that are exactly as the topology states
/// them. Only reads. Errors name what carries our marker and cannot be taken.
async::Task<std::expected<Rebuilt, schema::Diagnostics>> rebuild(
    const Services& services, const schema::Topology& topology, const state::StateFile& stored,
    const model::ClusterFacts& cluster);

/// The error of a plan without any state where guests carry our marker; nothing when all is well.
/// `reads` counts what was asked of the server.
async::Task<schema::Result<void>> check_not_lost(const Services& services,
                                                 const schema::Topology& topology,
                                                 const state::StateFile& state,
                                                 const model::ClusterFacts& cluster,
                                                 std::uint64_t* reads);

/// A row for the object that now stands for `address`, such as a guest that was restored from a
/// backup. `id` names it as in [[import]].
async::Task<std::expected<model::Row, schema::Diagnostics>> accepted_row(
    const Services& services, const schema::Topology& topology, const state::StateFile& state,
    const model::ClusterFacts& cluster, const model::Row* row, std::string id);

}  // namespace pveplan::engine
