#pragma once

#include "providers/async/host.hpp"

#include <cstdint>

namespace pveplan::sim {

/// xoshiro256**, seeded with splitmix64: the same numbers on every machine.
class SimRandom : public async::Random {
 public:
  explicit SimRandom(std::uint64_t seed);
  std::uint64_t next() override;
  /// 0 … bound − 1; 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_[4];
};

}  // namespace pveplan::sim
