#pragma once

#include "tests/simulation/rig.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::sim {

/// Which seeds a test runs: as many as the normal run can afford, or PVEPLAN_SEEDS, or for
/// PVEPLAN_SEED_SECONDS of CPU. Prints how many there were and how fast when it goes.
class Seeds {
 public:
  /// `cost`: how many times dearer than a life of pools one seed is.
  explicit Seeds(std::string what, std::uint64_t cost = 1);
  ~Seeds();
  Seeds(const Seeds&) = delete;
  Seeds& operator=(const Seeds&) = delete;
  std::optional<std::uint64_t> next();

 private:
  std::string what_;
  std::uint64_t most_ = 0;
  double most_seconds_ = 0;  ///< 0: not limited by time
  double started_ = 0;       ///< of CPU
  std::uint64_t drawn_ = 0;
};

/// Runs the command in trouble a few times, then in peace until it succeeds.
void get_through(Rig& rig, SimRandom& draws, const std::vector<std::string>& command);

}  // namespace pveplan::sim
