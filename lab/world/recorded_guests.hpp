#pragma once

#include "lab/world/world.hpp"

#include <string_view>

namespace pveplan::lab {

/// The machines that were there before a recording began.
void add_recorded_guests(World& world, std::string_view recording);

}  // namespace pveplan::lab
