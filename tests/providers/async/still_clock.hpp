#pragma once

#include "providers/async/host.hpp"

namespace pveplan::async {

/// For loops that run only what is ready.
class StillClock : public Clock {
 public:
  std::chrono::nanoseconds steady() const override { return {}; }
  std::chrono::system_clock::time_point wall() const override { return {}; }
};

}  // namespace pveplan::async
