#pragma once

#include "providers/async/task.hpp"

#include <coroutine>

/// The two awaiters from which every primitive of this folder is written.
namespace pveplan::async::detail {

/// Gives a coroutine its own Waiter without suspending it.
class ThisWaiter {
 public:
  ThisWaiter() {}
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    waiter_ = &self.promise();
    return false;
  }
  Waiter& await_resume() const noexcept { return *waiter_; }

 private:
  Waiter* waiter_ = nullptr;
};

/// Suspends until somebody posts the coroutine. Wake-ups may be spurious: wait in a loop. A
/// coroutine that has handed out its Waiter (to a timer, a hook, a queue) awaits nothing else until
/// it has it back.
class Suspend {
 public:
  Suspend() {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

using WaitList = List<Waiter>;

inline void wake_all(WaitList& list) {
  while (!list.empty()) Loop::current().post(list.front());
}

}  // namespace pveplan::async::detail
