#include "providers/async/cancel.hpp"
#include "providers/async/completion.hpp"
#include "providers/async/sleep.hpp"
#include "tests/providers/async/loop_fixture.hpp"
#include "tests/support/catch.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace pveplan::async {
namespace {

using namespace std::chrono_literals;

Task<int> answer(int value) { co_return value; }

Task<int> sum_of(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    const int value = co_await answer(1);
    sum += value;
  }
  co_return sum;
}

Task<int> depth_of(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await depth_of(levels - 1);
  co_return below + 1;
}

Task<int> failing() {
  co_await answer(1);
  throw std::runtime_error("a bug");
}

Task<void> start_hanging_chain(int levels, Completion<int>& never, int& destroyed) {
  class Counter {
   public:
    explicit Counter(int& count) : count_(count) {}
    ~Counter() { ++count_; }

   private:
    int& count_;
  } counter(destroyed);
  if (levels > 0) {
    co_await start_hanging_chain(levels - 1, never, destroyed);
  } else {
    co_await never.wait();
  }
}

class Noting {
 public:
  Noting(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
  ~Noting() { log_.push_back(name_); }

 private:
  std::vector<std::string>& log_;
  std::string name_;
};

Task<void> inner_waits(std::vector<std::string>& log, Completion<int>& never) {
  Noting noting(log, "inner");
  co_await never.wait();
}

Task<void> outer_waits(std::vector<std::string>& log, Completion<int>& never) {
  Noting noting(log, "outer");
  co_await inner_waits(log, never);
}

Task<void> move_only(std::unique_ptr<int> value, int& seen) {
  co_await answer(0);
  seen = *value;
}

}  // namespace

TEST_CASE_METHOD(LoopFixture, "a task gives its result to whoever runs it") {
  CHECK(loop.run(answer(42)) == 42);
}

TEST_CASE_METHOD(LoopFixture, "a task does nothing before it is awaited") {
  int seen = 0;
  { auto task = move_only(std::make_unique<int>(7), seen); }
  CHECK(seen == 0);
  loop.run(move_only(std::make_unique<int>(7), seen));
  CHECK(seen == 7);
}

TEST_CASE_METHOD(LoopFixture, "five million awaits one after the other need no stack") {
  CHECK(loop.run(sum_of(5'000'000)) == 5'000'000);
}

TEST_CASE_METHOD(LoopFixture, "a million awaits inside each other need no stack") {
  CHECK(loop.run(depth_of(1'000'000)) == 1'000'000);
}

TEST_CASE_METHOD(LoopFixture,
                 "a million unfinished tasks inside each other are destroyed without recursion") {
  Completion<int> never;
  int destroyed = 0;
  CHECK_THROWS_AS(loop.run(start_hanging_chain(1'000'000, never, destroyed)), std::logic_error);
  CHECK(destroyed == 1'000'001);
}

TEST_CASE_METHOD(LoopFixture, "destroying an unfinished task destroys what it awaits first") {
  Completion<int> never;
  std::vector<std::string> log;
  CHECK_THROWS_AS(loop.run(outer_waits(log, never)), std::logic_error);
  CHECK(log == std::vector<std::string>{"inner", "outer"});
}

TEST_CASE_METHOD(LoopFixture, "what a task throws arrives at whoever runs it") {
  CHECK_THROWS_WITH(loop.run(failing()), "a bug");
}

TEST_CASE_METHOD(LoopFixture, "a task that is dropped while it is ready is never resumed") {
  int seen = 0;
  {
    auto task = move_only(std::make_unique<int>(7), seen);
    task.start(nullptr);
  }
  loop.run(answer(1));
  CHECK(seen == 0);
}

TEST_CASE_METHOD(LoopFixture, "waiting for what can never happen is reported as a bug") {
  Completion<int> never;
  CHECK_THROWS_AS(loop.run(never.wait()), std::logic_error);
}

TEST_CASE_METHOD(LoopFixture, "an interruption ends the run and resumes nothing else") {
  int seen = 0;
  auto other = move_only(std::make_unique<int>(7), seen);
  auto crash = [](Loop& which) -> Task<void> {
    which.interrupt(std::make_exception_ptr(std::runtime_error("stopped")));
    co_return;
  };
  auto main_task = crash(loop);
  CHECK_THROWS_WITH(
      [&] {
        auto running = std::move(main_task);
        running.start(nullptr);
        other.start(nullptr);
        loop.run(answer(1));
      }(),
      "stopped");
  CHECK(seen == 0);
  CHECK(loop.run(answer(2)) == 2);
}

TEST_CASE("a poller that allows eight resumes a turn is asked in between") {
  LoopFixture fixture;
  fixture.clock.resumes = 8;
  CHECK(fixture.loop.run(sum_of(100)) == 100);
  CHECK(fixture.clock.polls >= 200 / 8);
}

TEST_CASE("the hook runs when nothing is ready, not on every turn") {
  class CountingHook : public TurnHook {
   public:
    void before_poll() override { ++calls; }
    int calls = 0;
  };
  LoopFixture fixture;
  CountingHook hook;
  fixture.clock.resumes = 8;
  fixture.loop.set_before_poll(&hook);
  fixture.loop.run(sum_of(100));
  CHECK(hook.calls <= 1);
  fixture.loop.run(sleep_for(1s));
  CHECK(hook.calls >= 1);
}

TEST_CASE("tasks may outlive their loop") {
  int seen = 0;
  Task<void> kept;
  {
    LoopFixture fixture;
    kept = move_only(std::make_unique<int>(7), seen);
    kept.start(nullptr);
  }
  {
    LoopFixture fixture;
    fixture.loop.run(std::move(kept));
  }
  CHECK(seen == 7);
}

}  // namespace pveplan::async
