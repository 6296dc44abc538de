#pragma once

#include "lab/core/call.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::lab {

/// What one phase of work leads to: the next phase after a while, or the end. The error is the exit
/// status of the task.
struct NextPhase {
  std::optional<Duration> after;           ///< absent: finished
  int warnings = 0;                        ///< of the whole task, when it is finished
  bool again = false;                      ///< the same phase once more
  std::optional<schema::Value> arguments;  ///< what the next phase gets; absent: the same
};
using PhaseResult = std::expected<NextPhase, std::string>;

inline NextPhase done() { return {}; }
inline NextPhase done_with(int warnings) { return {std::nullopt, warnings, false, std::nullopt}; }
inline NextPhase later(Duration after) { return {after, 0, false, std::nullopt}; }
inline NextPhase later(Duration after, schema::Value arguments) {
  return {after, 0, false, std::move(arguments)};
}
/// For what has to wait: asks again after a while.
inline NextPhase again(Duration after) { return {after, 0, true, std::nullopt}; }

/// The work behind an event: `event.phase` counts from 0, log lines go to the task.
struct Work {
  World& world;
  const Event& event;
  WorldTask* task;  ///< nullptr when the event belongs to none
  void log(std::string line) const {
    if (task != nullptr) task->log.push_back(std::move(line));
  }
};
using WorkFunction = PhaseResult (*)(Work& work);

/// The function behind an event's `kind`; nullptr when there is none.
WorkFunction find_work(const std::string& kind);

/// What becomes of the things that a task leaves when a script fails it or someone stops it.
using CleanupFunction = void (*)(World& world, const Event& event);
/// nullptr when nothing is to be done.
CleanupFunction find_cleanup(const std::string& kind);

/// Starts a task on the call's node and gives its UPID. Phase 0 of `kind` runs after `first`.
std::string start_task(Call& call, const std::string& type, const std::string& id,
                       const std::string& kind, schema::Value arguments, Duration first);

/// Who a task belongs to, for tasks that other tasks start.
struct TaskOwner {
  std::string node, user;
};
std::string start_task(World& world, const TaskOwner& owner, const std::string& type,
                       const std::string& id, const std::string& kind, schema::Value arguments,
                       Duration first);

/// Something that happens by itself later.
void schedule(World& world, const std::string& kind, schema::Value arguments, Duration after);

/// Runs everything that is due, and sets the world's clock.
void run_events(World& world, Time until);
std::optional<Time> next_event_time(const World& world);

/// Ends a task from outside, with its cleanup.
void abort_task(World& world, const std::string& upid, const std::string& status);
/// Ends a task now, with the closing line of its log.
void finish_task(World& world, const std::string& upid, const std::string& status);

/// A UPID taken apart; nullopt when it is none.
struct Upid {
  std::string node, type, id, user;
  std::int64_t pid = 0, process_start = 0, start = 0;
};
std::optional<Upid> parse_upid(const std::string& text);

}  // namespace pveplan::lab
