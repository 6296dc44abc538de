#include "providers/async/event.hpp"

namespace pveplan::async {

void Event::set() {
  set_ = true;
  pulse();
}

void Event::pulse() {
  ++pulses_;
  detail::wake_all(waiting_);
}

Task<void> Event::wait() {
  detail::Waiter& self = co_await detail::ThisWaiter();
  const unsigned long arrival = pulses_;
  while (!set_ && pulses_ == arrival) {
    waiting_.push_back(self);
    co_await detail::Suspend();
  }
}

}  // namespace pveplan::async
