#include "providers/async/task.hpp"

namespace pveplan::async::detail {

void TaskBase::reset() noexcept {
  if (waiter_ == nullptr) return;
  TaskBase* innermost = this;
  while (innermost->waiter_->awaiting != nullptr) innermost = innermost->waiter_->awaiting;
  for (;;) {
    Waiter* dying = std::exchange(innermost->waiter_, nullptr);
    const bool last = innermost == this;
    Waiter* parent = dying->continuation;
    dying->handle.destroy();
    if (last) return;
    innermost = parent == waiter_ ? this : parent->continuation->awaiting;
  }
}

}  // namespace pveplan::async::detail
