#pragma once

#include "engine/planner.hpp"
#include "engine/services.hpp"
#include "providers/core/cluster_reader.hpp"
#include "providers/core/context.hpp"

#include <map>

namespace pveplan::engine {

/// Guests about which a plan must know more than the listing tells: it lags, and has no snapshots.
class CloseReading {
 public:
  CloseReading() {}
  core::CloseLook look;
  std::map<schema::ResourceAddress, std::int64_t> guests;
  bool empty() const { return guests.empty(); }
  /// The run state of whom a change may hurt, and the snapshots of whom it ends or takes data from.
  void add(const model::Change& change);
};
CloseReading guests_to_look_at(const model::Plan& plan);

/// Plans again as long as the plan names guests that were not looked at closely: what is seen then
/// may make it hurt more. Everything behind a pointer is brought up to date; `input` refers to it.
async::Task<schema::Result<void>> look_closely_and_plan(
    const Services& services, const PlanInput* input, core::Context context,
    model::ClusterFacts* cluster, LiveState* live, Planned* planned, std::uint64_t* reads);

}  // namespace pveplan::engine
