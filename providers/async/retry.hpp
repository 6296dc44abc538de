#pragma once

#include "providers/async/sleep.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace pveplan::async {

class Random;
using Delays = std::vector<std::chrono::milliseconds>;

/// first, 2·first, 4·first … each at most `most`, together exactly `total` (the last one is cut).
Delays doubling_delays(std::chrono::milliseconds first, std::chrono::milliseconds most,
                       std::chrono::milliseconds total);

/// Paces the repetitions of something that may succeed later:
///
///     Backoff backoff(delays, token);
///     for (;;) {
///       auto reply = co_await attempt();
///       if (!worth_repeating(reply)) co_return reply;
///       const bool again = co_await backoff.wait();
///       if (!again) co_return reply;
///     }
class Backoff {
 public:
  explicit Backoff(Delays delays, CancelToken token = CancelToken());

  /// Draws each delay from its upper half, so that many clients do not come back at once.
  void set_jitter(Random* random) { random_ = random; }
  /// The next delay is at least this long (Retry-After).
  void at_least(std::chrono::milliseconds floor) { floor_ = floor; }
  /// Waits for the next delay of the table; false: the table is used up, or the token was
  /// cancelled.
  Task<bool> wait();
  std::size_t waits() const { return next_; }

 private:
  std::chrono::nanoseconds draw();

  Delays delays_;
  CancelToken token_;
  Random* random_ = nullptr;
  std::chrono::milliseconds floor_{0};
  std::size_t next_ = 0;
};

}  // namespace pveplan::async
