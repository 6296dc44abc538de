#include "providers/async/loop.hpp"

#include "providers/async/host.hpp"

#include <algorithm>
#include <stdexcept>

namespace pveplan::async {

constinit thread_local Loop* Loop::current_ = nullptr;

Loop::Loop(const Clock& clock) : clock_(clock), previous_(current_) { current_ = this; }

Loop::~Loop() {
  while (!ready_.empty()) ready_.pop_front().ready = false;
  current_ = previous_;
}

std::chrono::nanoseconds Loop::now() const { return clock_.steady(); }

void Loop::run_until_done(detail::Waiter& root) {
  post(root);
  while (!ended(root)) {
    const bool alive = turn(root);
    if (!alive && !ended(root)) {
      throw std::logic_error("a task waits for something that can never happen");
    }
  }
  if (interruption_) std::rethrow_exception(std::exchange(interruption_, nullptr));
}

bool Loop::turn(detail::Waiter& root) {
  fire_timers();
  resume_ready(root);
  if (ended(root)) return true;
  call_hook();
  if (ended(root)) return true;
  const bool idle = ready_.empty();
  if (poller_ == nullptr) return !idle;
  std::chrono::nanoseconds timeout{0};
  if (idle) {
    timeout = timers_.empty() ? std::chrono::nanoseconds(-1)
                              : std::max(timers_.first() - now(), std::chrono::nanoseconds(0));
  }
  return poller_->poll(timeout) || !ready_.empty();
}

void Loop::fire_timers() {
  if (timers_.empty()) return;
  const std::chrono::nanoseconds time = now();
  while (!timers_.empty() && timers_.first() <= time) post(timers_.pop());
}

void Loop::resume_ready(detail::Waiter& root) {
  std::size_t left = poller_ == nullptr ? static_cast<std::size_t>(-1) : poller_->resumes_a_turn();
  for (; left > 0 && !ready_.empty() && !ended(root); --left) {
    detail::Waiter& next = ready_.pop_front();
    next.ready = false;
    next.handle.resume();
  }
}

void Loop::call_hook() {
  if (hook_ == nullptr) return;
  if (!ready_.empty() && ++turns_without_hook_ < kTurnsBetweenHooks) return;
  turns_without_hook_ = 0;
  hook_->before_poll();
}

}  // namespace pveplan::async
