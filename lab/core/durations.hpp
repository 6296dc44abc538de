#pragma once

#include "lab/core/time.hpp"

/// How long things take in lab time: the one table of all tasks.
namespace pveplan::lab {

inline constexpr Duration kNetworkReload = std::chrono::milliseconds{2500};
inline constexpr Duration kVolumeRemoval = std::chrono::milliseconds{300};
/// Until a download has looked at what is there, and until an upload's copy begins.
inline constexpr Duration kTransferStart = std::chrono::milliseconds{200};
/// What a download or a copy takes for its bytes.
inline constexpr std::int64_t kBytesPerSecond = 100'000'000;
inline constexpr Duration transfer_time(std::int64_t bytes) {
  return std::chrono::nanoseconds{bytes * 1'000'000'000 / kBytesPerSecond};
}

}  // namespace pveplan::lab
