#pragma once

#include "providers/async/wait.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace pveplan::async {

/// A result that a callback delivers later. Lives in the frame of whoever waits for it; whoever
/// delivers must be told when that frame goes (an owner with a destructor beside it).
template <typename T>
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  bool fulfilled() const { return value_.has_value(); }
  /// Delivers; the waiter resumes on a later turn. The first delivery counts, later ones are
  /// ignored.
  void fulfil(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    detail::wake_all(waiting_);
  }
  /// The result, once.
  Task<T> wait() {
    detail::Waiter& self = co_await detail::ThisWaiter();
    while (!value_) {
      waiting_.push_back(self);
      co_await detail::Suspend();
    }
    co_return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  detail::WaitList waiting_;
};

template <>
class Completion<void> {
 public:
  bool fulfilled() const { return completion_.fulfilled(); }
  void fulfil() { completion_.fulfil(std::monostate()); }
  Task<void> wait() { co_await completion_.wait(); }

 private:
  Completion<std::monostate> completion_;
};

}  // namespace pveplan::async
