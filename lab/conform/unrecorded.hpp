#pragma once

#include "lab/world/world.hpp"

#include <string>

namespace pveplan::lab {

/// What happened between two exchanges of a recording without one of its own: guests that were
/// removed again, locks and rights that were set on the machine itself. Told by the name of the
/// exchange that follows.
void act_before(World& world, const std::string& exchange);

}  // namespace pveplan::lab
