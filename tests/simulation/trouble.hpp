#pragma once

#include "tests/simulation/rig.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pveplan::sim {

/// Number of seeds: PVEPLAN_SEEDS, or what the normal run can afford.
std::uint64_t seed_count();

/// Runs the command in trouble a few times, then in peace until it succeeds.
void get_through(Rig& rig, SimRandom& draws, const std::vector<std::string>& command);

}  // namespace pveplan::sim
