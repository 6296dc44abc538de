#pragma once

#include "providers/async/link.hpp"
#include "providers/async/timers.hpp"

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>

namespace pveplan::async {

class Clock;
template <typename T>
class Task;

namespace detail {

class TaskBase;

/// What the loop knows of a coroutine: part of every promise. A coroutine waits for one thing at a
/// time and so is in at most one list: the ready queue, or the queue of what it waits for.
class Waiter : public Link {
 public:
  std::coroutine_handle<> handle;
  Waiter* continuation = nullptr;  ///< who awaits this coroutine
  TaskBase* awaiting = nullptr;    ///< what this coroutine awaits; the task lies in its frame
  bool ready = false;              ///< in the loop's ready queue

  /// Takes back a wake-up that came while the coroutine was running.
  void withdraw() {
    unlink();
    ready = false;
  }
};

}  // namespace detail

/// Waits for the outside world on behalf of the loop: curl and signals for real, the lab's next
/// event in a simulation.
class Poller {
 public:
  virtual ~Poller() = default;
  /// Blocks until something happened or until `timeout` has passed (negative: no limit), and
  /// fulfils what became ready. False: nothing can ever happen again; allowed only without a limit.
  virtual bool poll(std::chrono::nanoseconds timeout) = 0;
  /// How many coroutines the loop resumes before it looks outside again. The real poller keeps this
  /// small, since one batch of SSH cryptography would otherwise delay every other connection.
  virtual std::size_t resumes_a_turn() const { return static_cast<std::size_t>(-1); }
};

/// Called when nothing is ready any more, before the loop blocks, and at the latest after
/// `Loop::kTurnsBetweenHooks` turns: the place for one fdatasync over all that was appended. May
/// wake coroutines.
class TurnHook {
 public:
  virtual ~TurnHook() = default;
  virtual void before_poll() = 0;
};

/// The one thread's ready queue and timers. It knows nothing of the domain. Code outside of
/// providers/async writes no awaiter and touches no coroutine handle.
class Loop {
 public:
  static constexpr int kTurnsBetweenHooks = 64;

  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop of this thread; there is exactly one while a command runs.
  static Loop& current() { return *current_; }
  /// False before the first and after the last one.
  static bool exists() { return current_ != nullptr; }

  /// Neither is owned; nullptr removes it.
  void set_poller(Poller* poller) { poller_ = poller; }
  void set_before_poll(TurnHook* hook) { hook_ = hook; }

  std::chrono::nanoseconds now() const;

  /// Runs until `task` has finished; throws what it threw. A task that waits for something that can
  /// never happen is a bug and throws std::logic_error.
  template <typename T>
  T run(Task<T> task);

  /// Ends run() with this exception as soon as the running coroutine suspends; nothing else is
  /// resumed. For simulated crashes.
  void interrupt(std::exception_ptr reason) { interruption_ = std::move(reason); }

  /// For providers/async only: resumes the coroutine later, never from inside the caller. Harmless
  /// when it is already queued.
  void post(detail::Waiter& waiter) {
    if (waiter.ready) return;
    ready_.push_back(waiter);
    waiter.ready = true;
  }
  /// For Timer only.
  detail::TimerHeap& timers() { return timers_; }

 private:
  void run_until_done(detail::Waiter& root);
  bool turn(detail::Waiter& root);  ///< false when nothing can happen any more
  bool ended(const detail::Waiter& root) const { return interruption_ || root.handle.done(); }
  void fire_timers();
  void resume_ready(detail::Waiter& root);
  void call_hook();

  static constinit thread_local Loop* current_;

  const Clock& clock_;
  Loop* previous_;
  Poller* poller_ = nullptr;
  TurnHook* hook_ = nullptr;
  int turns_without_hook_ = 0;
  std::exception_ptr interruption_;
  detail::List<detail::Waiter> ready_;
  detail::TimerHeap timers_;
};

}  // namespace pveplan::async
