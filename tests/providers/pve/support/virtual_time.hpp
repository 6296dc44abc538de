#pragma once

#include "providers/async/host.hpp"
#include "providers/async/loop.hpp"
#include "providers/async/task.hpp"

#include <utility>

namespace pveplan::pve::test {

/// A clock that jumps to the next timer as soon as nothing is ready.
class VirtualClock final : public async::Clock, public async::Poller {
 public:
  std::chrono::nanoseconds steady() const override { return now_; }
  std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(now_));
  }
  bool poll(std::chrono::nanoseconds timeout) override {
    if (timeout.count() < 0) return false;
    now_ += timeout;
    return true;
  }

 private:
  std::chrono::nanoseconds now_{std::chrono::hours(24)};
};

/// A loop on virtual time: `VirtualTime time; auto result = time.run(coroutine());`
class VirtualTime {
 public:
  VirtualTime() : loop_(clock) { loop_.set_poller(&clock); }
  template <typename T>
  T run(async::Task<T> task) {
    return loop_.run(std::move(task));
  }
  std::chrono::nanoseconds now() const { return clock.steady(); }

  VirtualClock clock;

 private:
  async::Loop loop_;
};

}  // namespace pveplan::pve::test
