#pragma once

#include "engine/planner.hpp"
#include "engine/services.hpp"
#include "state/state_file.hpp"

#include <optional>

namespace pveplan::engine {

/// The state as the topology wants to see it before anything is planned: rows under their new
/// addresses, and rows for living objects that are imported or only observed.
struct StateEdit {
  StateEdit() {}                          // no aggregate: coroutine parameter (g++ 12)
  std::optional<state::StateFile> state;  ///< absent when nothing is edited
  SetChanges changes;
  schema::Diagnostics diagnostics;
  std::map<schema::ResourceAddress, model::LiveObject> found;  ///< what was adopted, as it was read
};

/// Reads what is imported or newly observed; changes nothing outside of memory. Apply stores the
/// edited state before its first step.
async::Task<StateEdit> edit_state(const Services& services, const schema::Topology& topology,
                                  const state::StateFile& state, const model::ClusterFacts& cluster,
                                  model::PlanMode mode);

/// Takes the rows of what is imported or newly observed out again where a plan leaves it out.
void leave_out_adopted(state::StateFile& edited, const SetChanges& changes, const Scope& scope);

}  // namespace pveplan::engine
