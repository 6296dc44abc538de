#pragma once

#include "providers/async/loop.hpp"

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace pveplan::async {

template <typename T>
class Task;

namespace detail {

template <typename T>
inline constexpr bool kIsFunction = false;
template <typename Signature>
inline constexpr bool kIsFunction<std::function<Signature>> = true;

/// A lambda that captures something: the only callables that cannot be assigned.
template <typename T>
concept Closure = std::is_class_v<T> && !std::is_copy_assignable_v<T> && requires {
  &T::operator();
};

/// What g++ 12 frees twice when a temporary of it is an argument of an awaited call. Refusing it
/// here, as a parameter of any coroutine, is the only way to have the compiler find it. The object
/// of a member coroutine and the closure of a coroutine lambda count as parameters too.
template <typename... Arguments>
consteval void refuse_hazards() {
  static_assert((!std::is_aggregate_v<std::remove_cvref_t<Arguments>> && ...),
                "a coroutine parameter is an aggregate: give it a constructor");
  static_assert((!kIsFunction<std::remove_cvref_t<Arguments>> && ...),
                "a coroutine parameter is a std::function: pass an object with a virtual function");
  static_assert((!Closure<std::remove_cvref_t<Arguments>> && ...),
                "a coroutine parameter is a lambda with captures");
}

/// Common part of all promises. Tasks start lazily; there is no symmetric transfer: the final
/// awaiter posts the continuation to the loop, so nothing resumes inside a callback and deep chains
/// need no stack at any optimisation level.
class PromiseBase : public Waiter {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  class FinalAwaiter {
   public:
    FinalAwaiter() {}
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      Waiter& self = finished.promise();
      if (self.ready) self.withdraw();
      Waiter* waiting = self.continuation;
      if (waiting != nullptr) Loop::current().post(*waiting);
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { exception_ = std::current_exception(); }

 protected:
  void rethrow_if_failed() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

template <typename T>
class Promise : public PromiseBase {
 public:
  template <typename... Arguments>
  explicit Promise(Arguments&&...) {
    refuse_hazards<Arguments...>();
  }
  Task<T> get_return_object();
  template <typename U = T>
  requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) { result_.emplace(std::forward<U>(value)); }
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
    refuse_hazards<Arguments...>();
  }
  Task<void> get_return_object();
  void return_void() {}
  void take() { rethrow_if_failed(); }
};

/// Owns a coroutine frame, whatever its result.
class TaskBase {
 public:
  bool done() const { return waiter_ != nullptr && waiter_->handle.done(); }

  /// For providers/async only: starts the coroutine; `continuation` is posted when it has finished.
  void start(Waiter* continuation) {
    if (waiter_ == nullptr) throw std::logic_error("an empty task was started");
    waiter_->continuation = continuation;
    Loop::current().post(*waiter_);
  }

 protected:
  TaskBase() = default;
  explicit TaskBase(Waiter& waiter) : waiter_(&waiter) {}
  TaskBase(TaskBase&& other) noexcept : waiter_(std::exchange(other.waiter_, nullptr)) {}
  TaskBase& operator=(TaskBase&& other) noexcept {
    if (this != &other) {
      reset();
      waiter_ = std::exchange(other.waiter_, nullptr);
    }
    return *this;
  }
  ~TaskBase() { reset(); }

  /// Destroys the frame. What it awaits goes first, innermost first and without recursion, since a
  /// chain of awaits may be millions deep.
  void reset() noexcept;

  Waiter* waiter_ = nullptr;
};

}  // namespace detail

/// A coroutine that runs when it is awaited. Owned by its awaiter: destroying a task that has not
/// finished destroys its frame and with it everything that it awaits.
template <typename T = void>
class [[nodiscard]] Task : public detail::TaskBase {
 public:
  using promise_type = detail::Promise<T>;

  Task() = default;
  explicit Task(promise_type& promise) : TaskBase(promise) {
    promise.handle = std::coroutine_handle<promise_type>::from_promise(promise);
  }
  Task(Task&& other) noexcept = default;
  Task& operator=(Task&& other) noexcept = default;
  ~Task() = default;

  bool await_ready() const noexcept { return done(); }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiter) {
    start(&awaiter.promise());
    awaiter.promise().awaiting = this;
  }
  T await_resume() {
    if (waiter_->continuation != nullptr) waiter_->continuation->awaiting = nullptr;
    return take();
  }

  /// The result of a task that is done, once; throws what the task threw.
  T take() { return static_cast<promise_type*>(waiter_)->take(); }

 private:
  friend class Loop;
};

template <typename T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(*this);
}
inline Task<void> detail::Promise<void>::get_return_object() { return Task<void>(*this); }

template <typename T>
T Loop::run(Task<T> task) {
  if (task.waiter_ == nullptr) throw std::logic_error("an empty task was run");
  run_until_done(*task.waiter_);
  return task.take();
}

}  // namespace pveplan::async
