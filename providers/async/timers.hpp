#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pveplan::async {

namespace detail {
class TimerHeap;
class Waiter;
}  // namespace detail

/// Wakes one coroutine at a point of the steady clock. Lives in that coroutine's frame and is
/// disarmed by its destructor.
class Timer {
 public:
  explicit Timer(detail::Waiter& waiter) : waiter_(waiter) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }

  /// Of the current loop. A point in the past fires on the next turn.
  void arm(std::chrono::nanoseconds at);
  void disarm();
  bool armed() const { return heap_ != nullptr; }

 private:
  friend class detail::TimerHeap;
  detail::Waiter& waiter_;
  detail::TimerHeap* heap_ = nullptr;
  std::size_t index_ = 0;
  std::chrono::nanoseconds at_{};
  std::uint64_t sequence_ = 0;
};

namespace detail {

/// The armed timers by time, then by order of arming. Every operation costs O(log n).
class TimerHeap {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  ~TimerHeap();

  bool empty() const { return heap_.empty(); }
  std::chrono::nanoseconds first() const { return heap_.front()->at_; }
  void add(Timer& timer, std::chrono::nanoseconds at);
  void remove(Timer& timer);
  /// Removes the first timer and gives the coroutine that it wakes.
  Waiter& pop();

 private:
  static bool before(const Timer& left, const Timer& right);
  void place(std::size_t index, Timer* timer);
  void rise(std::size_t index);
  void sink(std::size_t index);

  std::vector<Timer*> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace detail
}  // namespace pveplan::async
