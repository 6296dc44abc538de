#pragma once

#include "providers/async/loop.hpp"

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace pveplan::async {

template <typename T>
class Task;

namespace detail {

/// Common part of all promises. House rules of docs/adr/001: tasks start lazily, no symmetric
/// transfer (the final awaiter posts its continuation to the loop, so nothing resumes inside a
/// callback and deep chains need no stack), no aggregate as a coroutine parameter (g++ 12 frees
/// them twice).
class PromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      PromiseBase& promise = finished.promise();
      if (promise.continuation_) Loop::current().post(promise.continuation_);
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { exception_ = std::current_exception(); }

  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }
  void rethrow_if_failed() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::coroutine_handle<> continuation_;
  std::exception_ptr exception_;
};

template <typename... Arguments>
inline constexpr bool kNoAggregates = (!std::is_aggregate_v<std::remove_cvref_t<Arguments>> && ...);

template <typename T>
class Promise : public PromiseBase {
 public:
  template <typename... Arguments>
  explicit Promise(Arguments&&...) {
    static_assert(
        kNoAggregates<Arguments...>,
        "a coroutine parameter is an aggregate: g++ 12 destroys it twice, give it a constructor");
  }
  Task<T> get_return_object();
  void return_value(T value) { result_.emplace(std::move(value)); }
  T take() {
    rethrow_if_failed();
    return std::move(*result_);
  }

 private:
  std::optional<T> result_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  template <typename... Arguments>
  explicit Promise(Arguments&&...) {
    static_assert(
        kNoAggregates<Arguments...>,
        "a coroutine parameter is an aggregate: g++ 12 destroys it twice, give it a constructor");
  }
  Task<void> get_return_object();
  void return_void() {}
  void take() { rethrow_if_failed(); }
};

}  // namespace detail

/// A coroutine that runs when it is awaited. Owned by its awaiter: destroying a task that has not
/// finished destroys its frame and with it everything that it awaits.
template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    handle_.promise().set_continuation(awaiter);
    Loop::current().post(handle_);
  }
  T await_resume() { return handle_.promise().take(); }

  /// For the loop and for all_settled only.
  Handle handle() const { return handle_; }
  bool done() const { return handle_ && handle_.done(); }

 private:
  void reset() {
    if (!handle_) return;
    Loop::forget(handle_);
    handle_.destroy();
    handle_ = nullptr;
  }
  Handle handle_ = nullptr;
};

template <typename T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace pveplan::async
