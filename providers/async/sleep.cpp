#include "providers/async/sleep.hpp"

namespace pveplan::async {

Task<bool> sleep_until(std::chrono::nanoseconds at, CancelToken token) {
  detail::Waiter& self = co_await detail::ThisWaiter();
  detail::CancelHook hook(token, self);
  Timer timer(self);
  timer.arm(at);
  while (timer.armed() && !token.cancelled()) co_await detail::Suspend();
  co_return !token.cancelled();
}

Task<bool> sleep_for(std::chrono::nanoseconds duration, CancelToken token) {
  const bool slept = co_await sleep_until(Loop::current().now() + duration, token);
  co_return slept;
}

}  // namespace pveplan::async
