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

// Virtual machines, as the recordings' machine took them.
inline constexpr Duration kMachineCreate = std::chrono::milliseconds{400};
inline constexpr Duration kDiskAllocate = std::chrono::milliseconds{250};
inline constexpr Duration kMachineConfig = std::chrono::milliseconds{300};
inline constexpr Duration kMachineStart = std::chrono::milliseconds{1200};
inline constexpr Duration kMachineStop = std::chrono::milliseconds{900};
/// An operating system that was asked to shut down.
inline constexpr Duration kSystemShutdown = std::chrono::seconds{4};
/// From the start of a machine until its agent answers.
inline constexpr Duration kSystemBoot = std::chrono::seconds{12};
/// A shutdown that is answered by nobody, when the call names no timeout.
inline constexpr Duration kShutdownTimeout = std::chrono::seconds{60};
inline constexpr Duration kMachineReset = std::chrono::milliseconds{100};
inline constexpr Duration kMachineDestroy = std::chrono::milliseconds{500};
inline constexpr Duration kMachineTemplate = std::chrono::milliseconds{600};
inline constexpr Duration kDiskResize = std::chrono::milliseconds{500};
inline constexpr Duration kSnapshot = std::chrono::milliseconds{400};
inline constexpr Duration kCloneBegin = std::chrono::milliseconds{200};
/// After this a reboot's machine is started again by the event daemon.
inline constexpr Duration kRebootStart = std::chrono::milliseconds{500};

/// Copying of data between volumes.
inline constexpr std::int64_t kCopiedBytesPerSecond = 1024LL * 1024 * 1024;
inline constexpr Duration copy_duration(std::int64_t bytes) {
  return std::chrono::milliseconds{bytes / (kCopiedBytesPerSecond / 1000)};
}

/// For how long the real one waits for the lock of a config file.
inline constexpr Duration kFileLockPatience = std::chrono::seconds{10};
inline constexpr Duration kFileLockRetry = std::chrono::milliseconds{100};

}  // namespace pveplan::lab
