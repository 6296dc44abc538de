#pragma once

#include <chrono>
#include <cstdint>

namespace pveplan::lab {

using Duration = std::chrono::nanoseconds;

/// A moment of lab time, which is virtual UTC: it passes only when someone advances the core.
using Time = std::chrono::sys_time<Duration>;

inline std::int64_t unix_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

inline Time from_unix(std::int64_t seconds) { return Time{std::chrono::seconds{seconds}}; }

}  // namespace pveplan::lab
