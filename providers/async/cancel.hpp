#pragma once

#include "providers/async/wait.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace pveplan::async {

namespace detail {

class CancelHook;
class CancelState {
 public:
  bool cancelled = false;
  List<CancelHook> hooks;
};

}  // namespace detail

/// Tells that its source has been cancelled. Cheap to copy; a default one is never cancelled.
class CancelToken {
 public:
  CancelToken() {}
  bool cancelled() const { return state_ && state_->cancelled; }

  /// Returns once the source is cancelled.
  Task<void> wait() const;

 private:
  friend class CancelSource;
  friend class detail::CancelHook;
  explicit CancelToken(std::shared_ptr<detail::CancelState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::CancelState> state_;
};

class CancelSource {
 public:
  CancelSource() : state_(std::make_shared<detail::CancelState>()) {}
  CancelToken token() const { return CancelToken(state_); }
  bool cancelled() const { return state_->cancelled; }
  /// Ends every wait that holds one of its tokens. Again: nothing.
  void cancel();

 private:
  std::shared_ptr<detail::CancelState> state_;
};

namespace detail {

/// Wakes one coroutine when the token is cancelled. Lives in that coroutine's frame.
class CancelHook : public Link {
 public:
  CancelHook(const CancelToken& token, Waiter& to_wake) : waiter(to_wake) {
    if (token.state_) token.state_->hooks.push_back(*this);
  }
  Waiter& waiter;
};

}  // namespace detail

/// Runs the task until it has finished or the token is cancelled; nullopt: cancelled, and the task
/// with everything that it waited for is gone. A task that has finished wins.
template <typename T>
requires(!std::is_void_v<T>) Task<std::optional<T>> or_cancelled(Task<T> task, CancelToken token) {
  detail::Waiter& self = co_await detail::ThisWaiter();
  detail::CancelHook hook(token, self);
  task.start(&self);
  while (!task.done() && !token.cancelled()) co_await detail::Suspend();
  if (task.done()) co_return task.take();
  task = Task<T>();
  co_return std::nullopt;
}

/// The same for a task without a result; false: cancelled.
Task<bool> or_cancelled(Task<void> task, CancelToken token);

}  // namespace pveplan::async
