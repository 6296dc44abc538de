#pragma once

#include "engine/converge.hpp"
#include "engine/saved_plan.hpp"

namespace pveplan::engine {

/// `pveplan apply FILE`, under the lock of `session`: executes exactly the saved plan, or nothing
/// at all when lineage, serial, cluster, topology or any object that it touches is not as it was
/// when the plan was made. The errors name each difference. Work that an earlier run left open is
/// settled first and makes the plan stale.
async::Task<std::expected<Converged, schema::Diagnostics>> apply_saved(
    const Services& services, const schema::Topology& topology, state::Session& session,
    const SavedPlan& saved, Approval& approval, const Limits& limits, const Interrupts& interrupts);

/// What of a plan's origin is no longer so: the state and the topology. Needs no network.
std::vector<schema::Diagnostic> stale_origin(const SavedPlan& saved,
                                             const schema::Topology& topology,
                                             const state::StateFile& state);

}  // namespace pveplan::engine
