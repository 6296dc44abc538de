#pragma once

#include "engine/planner.hpp"

namespace pveplan::engine {

/// Warnings about blocks that leave while another one of their type comes that says the same, or
/// has the same number or name: perhaps they were renamed. Each with the `[[moved]]` entry that
/// would say so.
std::vector<schema::Diagnostic> likely_renames(const PlanInput& input, const model::Plan& plan);

}  // namespace pveplan::engine
