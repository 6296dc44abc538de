#pragma once

#include "engine/planner.hpp"

namespace pveplan::engine {

/// Warnings about new or moved NICs at bridges that the topology declares with `autostart = false`:
/// such a bridge is only written down, and no guest starts at it before somebody brings it up.
std::vector<schema::Diagnostic> idle_bridges(const PlanInput& input, const model::Plan& plan);

}  // namespace pveplan::engine
