#include "lab/api/guest_locks.hpp"

#include "lab/core/durations.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

bool is_held(const World& world, const FileLock& lock) {
  const auto task = world.tasks.by_upid.find(lock.task);
  return task != world.tasks.by_upid.end() && task->second.running();
}

/// The locks that keep `upid` from taking one of its own.
std::vector<FileLock> obstacles(const World& world, const Guest& guest, const std::string& upid,
                                bool shared) {
  std::vector<FileLock> result;
  for (const FileLock& lock : guest.file_locks) {
    if (is_held(world, lock) && lock.task != upid && !(shared && lock.shared))
      result.push_back(lock);
  }
  return result;
}

bool holds(const Guest& guest, const std::string& upid) {
  return std::ranges::any_of(guest.file_locks,
                             [&](const FileLock& lock) { return lock.task == upid; });
}

constexpr const char* kWaitsSince = "waits_since";

}  // namespace

std::string lock_timeout_text(int vmid) {
  return fmt::format("can't lock file '/var/lock/qemu-server/lock-{}.conf' - got timeout", vmid);
}

bool take_file_lock(World& world, Guest& guest, const std::string& upid, bool shared,
                    Duration about) {
  if (holds(guest, upid)) return true;
  if (!obstacles(world, guest, upid, shared).empty()) return false;
  std::erase_if(guest.file_locks, [&](const FileLock& lock) { return !is_held(world, lock); });
  guest.file_locks.push_back({upid, shared, world.now + about});
  return true;
}

Attempt<void> await_file_lock(Call& call, int vmid, const Guest& guest) {
  for (const FileLock& lock : obstacles(call.world, guest, {}, false)) {
    const Duration wait = std::max(Duration{}, lock.until - call.world.now);
    call.delay = std::max(call.delay, std::min(wait, kFileLockPatience));
    if (wait > kFileLockPatience) return fail(lock_timeout_text(vmid));
  }
  return {};
}

std::optional<PhaseResult> await_file_lock(Work& work, Guest& guest, const LockWish& wish) {
  using schema::Value;
  if (take_file_lock(work.world, guest, work.event.upid, wish.shared, kMachineConfig)) return {};
  const Value* since = work.event.arguments.find(kWaitsSince);
  const Time first = since == nullptr ? work.world.now : Time{Duration{since->as_integer()}};
  if (work.world.now - first >= wish.patience)
    return PhaseResult{std::unexpected(lock_timeout_text(wish.vmid))};
  NextPhase next = again(kFileLockRetry);
  next.arguments = work.event.arguments.with(schema::Path({kWaitsSince}),
                                             Value::integer(first.time_since_epoch().count()));
  return PhaseResult{next};
}

std::string start_guest_task(World& world, const TaskOwner& owner, const GuestTask& task) {
  const std::string upid =
      start_task(world, owner, task.type, task.id, task.kind, task.arguments, task.duration);
  const auto guest = world.guests.find(task.vmid);
  if (guest != world.guests.end()) take_file_lock(world, guest->second, upid, false, task.duration);
  return upid;
}

std::string start_guest_task(Call& call, const GuestTask& task) {
  return start_guest_task(call.world, {call.node, call.caller.who}, task);
}

}  // namespace pveplan::lab
