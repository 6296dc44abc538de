#pragma once

#include "providers/async/wait.hpp"

namespace pveplan::async {

/// A flag that any number of tasks can wait for. Waiters resume in the order in which they came.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return set_; }
  void set();
  void reset() { set_ = false; }
  /// Lets those pass who wait now, and leaves the flag as it is.
  void pulse();
  /// Returns at once when the flag is set. Who is woken has passed, even when the flag is reset
  /// before it runs.
  Task<void> wait();

 private:
  bool set_ = false;
  unsigned long pulses_ = 0;
  detail::WaitList waiting_;
};

}  // namespace pveplan::async
