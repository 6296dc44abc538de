#pragma once

#include "engine/saved_plan.hpp"
#include "schema/value.hpp"

namespace pveplan::view {

/// The plan for other programs, as docs/schemas/plan.schema.json describes it: words and shapes of
/// the Terraform JSON plan where it has them, so that policy tools and jq filters keep working.
/// Secrets and what is known after apply are null, with a tree beside that says where they were.
/// The same plan gives the same value.
schema::Value plan_json(const engine::SavedPlan& saved);

/// `pveplan drift --format json`: the members of plan_json() that tell what others changed.
schema::Value drift_json(const engine::SavedPlan& saved);

}  // namespace pveplan::view
