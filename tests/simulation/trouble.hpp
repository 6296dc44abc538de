#pragma once

#include "tests/simulation/rig.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::sim {

/// Which seeds a test runs: as many as the normal run can afford, or PVEPLAN_SEEDS, or those from
/// PVEPLAN_FIRST_SEED on for PVEPLAN_SEED_SECONDS of CPU. Prints how many there were and how fast
/// when it goes, and in a long run every minute.
class Seeds {
 public:
  /// `most`: how many seeds the normal run takes.
  Seeds(std::string what, std::uint64_t most);
  ~Seeds();
  Seeds(const Seeds&) = delete;
  Seeds& operator=(const Seeds&) = delete;
  std::optional<std::uint64_t> next();
  /// A seed that failed: says how to see it again. In the long mode the others go on.
  void failed(std::uint64_t seed, const std::string& replay, const std::string& why);

 private:
  void print_pace() const;

  std::string what_;
  std::uint64_t most_ = 0;
  std::uint64_t first_ = 1;
  double most_seconds_ = 0;  ///< 0: not limited by time
  double started_ = 0;       ///< of CPU
  double printed_ = 0;       ///< of CPU, when the pace was last printed
  std::uint64_t drawn_ = 0;
  std::uint64_t failed_ = 0;
};

/// Runs the command once in drawn trouble: answers are lost, servers fail with and without effect,
/// tasks fail, the disk fails or is full, the process is killed or the power lost. `meanwhile`
/// happens somewhere in its middle.
Ended run_in_trouble(Rig& rig, SimRandom& draws, const std::vector<std::string>& command,
                     std::function<void()> meanwhile);

/// Runs the command in trouble a few times, then in peace until it succeeds.
void get_through(Rig& rig, SimRandom& draws, const std::vector<std::string>& command);

}  // namespace pveplan::sim
