#pragma once

#include "providers/async/host.hpp"
#include "providers/async/loop.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace pveplan::sim {

using Duration = std::chrono::nanoseconds;
/// Virtual UTC, the same for client and servers.
using Time = std::chrono::sys_time<Duration>;

/// Time that passes only when the loop has nothing to do, and then jumps to the next timer or
/// event. Survives the crashes of the hosts that use it.
class SimClock : public async::Clock, public async::Poller {
 public:
  Duration steady() const override { return now_ - kStart; }
  std::chrono::system_clock::time_point wall() const override { return now_; }
  Time now() const { return now_; }

  bool poll(Duration timeout) override;

  using EventId = std::uint64_t;
  /// Calls `event` when that time has come; events of one time in the order of their making.
  EventId at(Time time, std::function<void()> event);
  void cancel(EventId event);

  /// Lets time pass without a loop, events included: the machine is down, the servers are not.
  void pass(Duration duration);

 private:
  static constexpr Time kStart{std::chrono::sys_days{std::chrono::January / 1 / 2026}};

  std::optional<Time> next_event() const;
  void fire_due();

  Time now_ = kStart;
  std::map<std::pair<Time, EventId>, std::function<void()>> events_;
  EventId next_id_ = 1;
};

}  // namespace pveplan::sim
