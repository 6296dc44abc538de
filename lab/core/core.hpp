#pragma once

#include "lab/core/request.hpp"
#include "lab/world/world.hpp"

#include <optional>

namespace pveplan::lab {

/// The simulated cluster behind all front ends: pure, single-threaded, without sockets or a clock
/// of its own. Equal worlds, requests and times give equal answers.
class Core {
 public:
  explicit Core(World world) : world_(std::move(world)) {}

  /// Answers at the present lab time, faults of the world's script included.
  Answer handle(const Request& request);
  /// Lets lab time pass up to `until`, running what becomes due; never backwards.
  void advance(Time until);
  /// When something happens next by itself.
  std::optional<Time> next_event() const;

  Time now() const { return world_.now; }
  World& world() { return world_; }
  const World& world() const { return world_; }

 private:
  World world_;
};

}  // namespace pveplan::lab
