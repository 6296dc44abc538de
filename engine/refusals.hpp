#pragma once

#include "engine/planner.hpp"

namespace pveplan::engine {

/// Adds an error for each step or change that must not be done, all of them at once: what a
/// provider cannot do, what is protected, and what hurts more than `--max-effect` allows.
void refuse(const PlanInput& input, Planned& planned);

}  // namespace pveplan::engine
