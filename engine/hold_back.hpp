#pragma once

#include "engine/planner.hpp"

namespace pveplan::engine {

/// By address: what existing objects depend on.
using OldDependencies = std::map<schema::ResourceAddress, std::vector<schema::ResourceAddress>>;

/// Takes changes out of the plan that could only fail, or hurt, as long as something cannot be
/// seen, and lists them among what is not planned, with the object that is in the way:
/// - what needs, directly or not, an object that is new or unfinished and cannot be read;
/// - the removal of what an object still depends on that cannot be read or was held back itself.
/// The same for what is postponed instead of unreadable; what is held back for its sake is
/// postponed too.
void hold_back(const PlanInput& input, const OldDependencies& old_dependencies, model::Plan& plan);

}  // namespace pveplan::engine
