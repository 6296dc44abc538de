#pragma once

#include "providers/async/cancel.hpp"

#include <chrono>
#include <optional>

namespace pveplan::async {

/// Waits until the loop's steady clock has reached `at`; false: the token was cancelled before.
Task<bool> sleep_until(std::chrono::nanoseconds at, CancelToken token = CancelToken());
/// The time starts when the task is awaited.
Task<bool> sleep_for(std::chrono::nanoseconds duration, CancelToken token = CancelToken());

/// Runs the task for at most `limit`; nullopt: the time has passed, and the task with everything
/// that it waited for is gone. A task that has finished wins.
template <typename T>
Task<std::optional<T>> with_timeout(Task<T> task, std::chrono::nanoseconds limit) {
  detail::Waiter& self = co_await detail::ThisWaiter();
  Timer timer(self);
  timer.arm(Loop::current().now() + limit);
  task.start(&self);
  while (!task.done() && timer.armed()) co_await detail::Suspend();
  if (task.done()) co_return task.take();
  task = Task<T>();
  co_return std::nullopt;
}

}  // namespace pveplan::async
