#include "providers/async/timers.hpp"

#include "providers/async/loop.hpp"

namespace pveplan::async {

void Timer::arm(std::chrono::nanoseconds at) {
  disarm();
  Loop::current().timers().add(*this, at);
}

void Timer::disarm() {
  if (heap_ != nullptr) heap_->remove(*this);
}

namespace detail {

TimerHeap::~TimerHeap() {
  for (Timer* timer : heap_) timer->heap_ = nullptr;
}

bool TimerHeap::before(const Timer& left, const Timer& right) {
  if (left.at_ != right.at_) return left.at_ < right.at_;
  return left.sequence_ < right.sequence_;
}

void TimerHeap::place(std::size_t index, Timer* timer) {
  heap_[index] = timer;
  timer->index_ = index;
}

void TimerHeap::rise(std::size_t index) {
  Timer* timer = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!before(*timer, *heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, timer);
}

void TimerHeap::sink(std::size_t index) {
  Timer* timer = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *timer)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, timer);
}

void TimerHeap::add(Timer& timer, std::chrono::nanoseconds at) {
  timer.heap_ = this;
  timer.at_ = at;
  timer.sequence_ = next_sequence_++;
  heap_.push_back(&timer);
  rise(heap_.size() - 1);
}

void TimerHeap::remove(Timer& timer) {
  const std::size_t index = timer.index_;
  timer.heap_ = nullptr;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(index, last);
  rise(index);
  sink(last->index_);
}

Waiter& TimerHeap::pop() {
  Timer& timer = *heap_.front();
  remove(timer);
  return timer.waiter_;
}

}  // namespace detail
}  // namespace pveplan::async
