#pragma once

#include "engine/cli/workspace.hpp"
#include "engine/saved_plan.hpp"

#include <memory>

namespace pveplan::cli {

/// A topology with the plan that was just made for it.
struct Review {
  std::unique_ptr<Workspace> workspace;
  state::StateFile state;  ///< that the plan was made from
  engine::PreparedPlan prepared;
};

/// Loads, connects, reads and plans, and prints every error and warning on the way; null when there
/// is no plan. Changes nothing.
async::Task<std::unique_ptr<Review>> review(Program& program, Options options);

/// What the options ask of a plan.
engine::PlanRequest request_of(const Options& options);

/// The plan as it is saved and printed, with the values of the variables that it was made with.
engine::SavedPlan saved_from(const Program& program, const schema::Topology& topology,
                             engine::PreparedPlan prepared);

}  // namespace pveplan::cli
