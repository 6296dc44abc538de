#pragma once

#include "lab/core/call.hpp"
#include "lab/core/tasks.hpp"

#include <optional>
#include <string>

/// The locks on config files, which the real one takes with flock while it changes a guest.
namespace pveplan::lab {

/// Gives the task the lock, unless another one is in its way. `about` says how long the task will
/// probably hold it.
bool take_file_lock(World& world, Guest& guest, const std::string& upid, bool shared,
                    Duration about);

/// For calls that do their work at once: they wait as long as the holder needs, and fail after ten
/// seconds with the server's words. The waiting shows as the delay of the answer.
Attempt<void> await_file_lock(Call& call, int vmid, const Guest& guest);

/// For tasks: nullopt once the lock is the task's own, else what the phase has to answer.
struct LockWish {
  int vmid = 0;
  bool shared = false;
  Duration patience{};
};
std::optional<PhaseResult> await_file_lock(Work& work, Guest& guest, const LockWish& wish);

/// Starts a task that works on a guest and takes the guest's lock right away if it can.
struct GuestTask {
  std::string type, id, kind;
  int vmid = 0;
  schema::Value arguments;
  Duration duration{};
};
std::string start_guest_task(World& world, const TaskOwner& owner, const GuestTask& task);
std::string start_guest_task(Call& call, const GuestTask& task);

std::string lock_timeout_text(int vmid);

}  // namespace pveplan::lab
