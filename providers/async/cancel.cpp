#include "providers/async/cancel.hpp"

namespace pveplan::async {

void CancelSource::cancel() {
  state_->cancelled = true;
  while (!state_->hooks.empty()) Loop::current().post(state_->hooks.pop_front().waiter);
}

Task<void> CancelToken::wait() const {
  const CancelToken token = *this;
  detail::Waiter& self = co_await detail::ThisWaiter();
  detail::CancelHook hook(token, self);
  while (!token.cancelled()) co_await detail::Suspend();
}

Task<bool> or_cancelled(Task<void> task, CancelToken token) {
  detail::Waiter& self = co_await detail::ThisWaiter();
  detail::CancelHook hook(token, self);
  task.start(&self);
  while (!task.done() && !token.cancelled()) co_await detail::Suspend();
  const bool finished = task.done();
  if (finished) task.take();
  task = Task<void>();
  co_return finished;
}

}  // namespace pveplan::async
