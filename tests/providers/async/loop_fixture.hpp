#pragma once

#include "providers/async/host.hpp"
#include "providers/async/loop.hpp"

namespace pveplan::async {

/// A loop whose time jumps to whatever it waits for.
class JumpingClock : public Clock, public Poller {
 public:
  std::chrono::nanoseconds steady() const override { return time_; }
  std::chrono::system_clock::time_point wall() const override { return {}; }
  bool poll(std::chrono::nanoseconds timeout) override {
    ++polls;
    if (timeout.count() < 0) return false;
    time_ += timeout;
    return true;
  }
  std::size_t resumes_a_turn() const override { return resumes; }

  int polls = 0;
  std::size_t resumes = static_cast<std::size_t>(-1);

 private:
  std::chrono::nanoseconds time_{0};
};

class LoopFixture {
 public:
  LoopFixture() : loop(clock) { loop.set_poller(&clock); }
  JumpingClock clock;
  Loop loop;
};

}  // namespace pveplan::async
