#pragma once

#include "engine/executor.hpp"
#include "engine/planner.hpp"
#include "engine/recover.hpp"
#include "engine/services.hpp"
#include "schema/topology.hpp"
#include "state/session.hpp"

namespace pveplan::engine {

/// A plan together with what apply needs besides it.
struct PreparedPlan {
  PreparedPlan() {}  // no aggregate: coroutine parameter (g++ 12)

  model::Plan plan;
  model::ClusterFacts cluster;
  std::vector<model::Row> silent_rows;
  std::optional<state::StateFile> edited;  ///< what apply stores before its first step
  std::vector<schema::Diagnostic> warnings;
};

using Prepared = std::expected<PreparedPlan, schema::Diagnostics>;

/// Reads the cluster and makes a plan. `stored` has no settled intents left open: those that it has
/// block their resources.
async::Task<Prepared> prepare(const Services& services, const schema::Topology& stated,
                              const state::StateFile& stored, const PlanRequest& request);

/// `pveplan plan`: takes no lock and writes nothing; open intents are settled in memory.
async::Task<Prepared> plan_now(const Services& services, const schema::Topology& topology,
                               const state::StateFile& loaded, const PlanRequest& request);

/// Asks the person; on the way between plan and execution.
class Approval {
 public:
  virtual ~Approval() = default;
  /// Shows the plan and asks. False: nothing is done.
  virtual async::Task<bool> approve(const PreparedPlan& prepared) = 0;
};

/// What came of `apply` or `destroy`.
struct Converged {
  Converged() {}  // no aggregate: coroutine parameter (g++ 12)

  PreparedPlan prepared;
  bool approved = false;
  std::optional<RunAccount> account;  ///< absent when nothing was executed
};

/// What the cluster says of itself; nothing of a topology without [proxmox].
async::Task<schema::Result<model::ClusterFacts>> load_cluster(const Services& services);

/// Settles what earlier runs left open, and journals it. Returns what a person should know.
async::Task<schema::Result<std::vector<schema::Diagnostic>>> recover(
    const Services& services, const schema::Topology& topology, state::Session& session);

/// The second half of `apply`: executes what was approved and writes the state, or gives the lock
/// back when it was not.
async::Task<std::expected<Converged, schema::Diagnostics>> carry_out(
    const Services& services, const schema::Topology& topology, state::Session& session,
    Converged result, const Limits& limits, const Interrupts& interrupts);

/// `pveplan apply` and `destroy`, under the lock of `session`: settles open intents, plans, asks,
/// executes, and writes the state.
async::Task<std::expected<Converged, schema::Diagnostics>> converge(
    const Services& services, const schema::Topology& topology, state::Session& session,
    const PlanRequest& request, Approval& approval, const Limits& limits,
    const Interrupts& interrupts);

}  // namespace pveplan::engine
