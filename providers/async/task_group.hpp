#pragma once

#include "providers/async/wait.hpp"

#include <cstddef>
#include <exception>
#include <list>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

namespace pveplan::async {

namespace detail {
template <typename T>
using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
}  // namespace detail

/// Tasks that run at the same time, started one by one; whoever owns the group takes the finished
/// ones in the order in which they finish. Destroying it destroys what still runs. Every operation
/// costs constant time.
template <typename T>
class TaskGroup {
 public:
  class Finished {
   public:
    Finished(std::size_t which, detail::Stored<T> result) : id(which), value(std::move(result)) {}
    std::size_t id;
    detail::Stored<T> value;
  };

  TaskGroup() {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts the task on the loop's next turn. The id is the caller's and comes back from next().
  void start(std::size_t id, Task<T> task) {
    auto child = running_.emplace(running_.end(), id);
    child->carrier = carry(child, std::move(task));
    child->carrier.start(nullptr);
  }

  std::size_t size() const { return running_.size() + finished_.size(); }
  bool empty() const { return size() == 0; }

  /// Waits for the next one that finishes; throws what it threw. Dropping the wait loses nothing.
  Task<Finished> next() {
    detail::Waiter& self = co_await detail::ThisWaiter();
    if (empty()) throw std::logic_error("next() of a task group that is empty");
    while (finished_.empty()) {
      waiting_.push_back(self);
      co_await detail::Suspend();
    }
    co_return take_finished();
  }
  /// The same without waiting.
  std::optional<Finished> try_next() {
    if (finished_.empty()) return std::nullopt;
    return take_finished();
  }

 private:
  class Child {
   public:
    explicit Child(std::size_t which) : id(which) {}
    std::size_t id;
    std::optional<detail::Stored<T>> value;
    std::exception_ptr failure;
    Task<void> carrier;
  };
  using ChildRef = typename std::list<Child>::iterator;

  Task<void> carry(ChildRef child, Task<T> task) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await task;
        child->value.emplace();
      } else {
        auto value = co_await task;
        child->value.emplace(std::move(value));
      }
    } catch (...) {
      child->failure = std::current_exception();
    }
    finished_.splice(finished_.end(), running_, child);
    detail::wake_all(waiting_);
  }

  Finished take_finished() {
    std::list<Child> taken;
    taken.splice(taken.end(), finished_, finished_.begin());
    Child& child = taken.front();
    if (child.failure) std::rethrow_exception(child.failure);
    return Finished(child.id, std::move(*child.value));
  }

  detail::WaitList waiting_;
  std::list<Child> running_;
  std::list<Child> finished_;
};

}  // namespace pveplan::async
