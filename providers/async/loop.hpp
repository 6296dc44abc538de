#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace pveplan::async {

class Clock;
template <typename T>
class Task;

/// Waits for the outside world on behalf of the loop: curl and signals for real, the lab's next
/// event in a simulation.
class Poller {
 public:
  virtual ~Poller() = default;
  /// Blocks until something happened or until `timeout` has passed (negative: no limit), and posts
  /// what became ready to the loop. Returns false when nothing can ever happen again.
  virtual bool poll(std::chrono::nanoseconds timeout) = 0;
};

/// The one thread's ready queue and timers. It knows nothing of the domain. Code outside of
/// providers/async writes no awaiter and touches no coroutine handle.
class Loop {
 public:
  explicit Loop(Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop of this thread; there is exactly one while a command runs.
  static Loop& current();

  void set_poller(Poller* poller) { poller_ = poller; }

  /// Resumes the coroutine on a later turn; never from inside the caller.
  void post(std::coroutine_handle<> ready);
  /// Drops a coroutine that is about to be destroyed from the queue, when a loop exists.
  static void forget(std::coroutine_handle<> handle);

  using TimerId = std::uint64_t;
  TimerId add_timer(std::chrono::nanoseconds at, std::coroutine_handle<> waiter);
  void remove_timer(TimerId timer);
  std::chrono::nanoseconds now() const;

  /// Runs until `task` has finished; throws what it threw. A task that waits for something that can
  /// never happen is a bug and throws std::logic_error.
  template <typename T>
  T run(Task<T> task);

  /// Called once a turn before the loop blocks: the place for one fdatasync over all that the turn
  /// appended. May post.
  void set_before_poll(class TurnHook* hook) { hook_ = hook; }

 private:
  bool turn();  ///< false when nothing can happen any more

  Clock& clock_;
  Poller* poller_ = nullptr;
  class TurnHook* hook_ = nullptr;
  std::deque<std::coroutine_handle<>> ready_;
  std::map<std::pair<std::chrono::nanoseconds, TimerId>, std::coroutine_handle<>> timers_;
  std::map<TimerId, std::chrono::nanoseconds> timer_times_;
  TimerId next_timer_ = 1;
};

class TurnHook {
 public:
  virtual ~TurnHook() = default;
  virtual void before_poll() = 0;
};

}  // namespace pveplan::async
