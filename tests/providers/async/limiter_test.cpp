#include "providers/async/limiter.hpp"

#include "providers/async/all_settled.hpp"
#include "providers/async/sleep.hpp"
#include "tests/providers/async/loop_fixture.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

namespace pveplan::async {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;
using Names = std::vector<std::string>;

Task<void> use(Limiter& limiter, Names pools, Log& log, std::string name) {
  auto permit = co_await limiter.acquire(pools);
  log.push_back(name);
  co_await sleep_for(1s);
}

Task<void> give_up_after(Task<void> task, std::chrono::nanoseconds limit) {
  TaskGroup<void> group;
  group.start(0, std::move(task));
  co_await sleep_for(limit);
}

Task<void> use_and_count(Limiter& limiter, Names pools, std::size_t& running, std::size_t& most) {
  auto permit = co_await limiter.acquire(pools);
  most = std::max(most, ++running);
  co_await sleep_for(1s);
  --running;
}

}  // namespace

TEST_CASE_METHOD(LoopFixture, "a pool lets as many in as its limit says") {
  Limiter limiter(4);
  limiter.set_limit("node:a", 3);
  std::size_t running = 0;
  std::size_t most = 0;
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(use_and_count(limiter, {"api", "node:a"}, running, most));
  }
  loop.run(all_settled(std::move(tasks)));
  CHECK(most == 3);
  CHECK(clock.steady() == 4s);
  CHECK(limiter.used("api") == 0);
  CHECK(limiter.used("node:a") == 0);
}

TEST_CASE_METHOD(LoopFixture, "each pool serves in order of arrival") {
  Limiter limiter(1);
  Log log;
  std::vector<Task<void>> tasks;
  tasks.push_back(use(limiter, {"a"}, log, "a1"));
  tasks.push_back(use(limiter, {"a", "b"}, log, "ab"));
  tasks.push_back(use(limiter, {"b"}, log, "b1"));
  tasks.push_back(use(limiter, {"c"}, log, "c1"));
  tasks.push_back(use(limiter, {"a"}, log, "a2"));
  loop.run(all_settled(std::move(tasks)));
  CHECK(log == Log{"a1", "c1", "ab", "a2", "b1"});
}

TEST_CASE_METHOD(LoopFixture, "naming a pool twice takes one place") {
  Limiter limiter(1);
  Log log;
  loop.run(use(limiter, {"a", "a"}, log, "once"));
  CHECK(log == Log{"once"});
}

TEST_CASE_METHOD(LoopFixture, "a request that is dropped lets the next one through") {
  Limiter limiter(1);
  Log log;
  std::vector<Task<void>> tasks;
  tasks.push_back(give_up_after(use(limiter, {"a"}, log, "holder"), 10s));
  tasks.push_back(give_up_after(use(limiter, {"a", "b"}, log, "dropped"), 500ms));
  auto all = all_settled(std::move(tasks));
  all.start(nullptr);
  loop.run(sleep_for(100ms));
  loop.run(use(limiter, {"b"}, log, "behind"));
  CHECK(log == Log{"holder", "behind"});
  CHECK(clock.steady() == 1500ms);
  all = Task<void>();
  CHECK(limiter.used("b") == 0);
}

TEST_CASE_METHOD(LoopFixture, "a permit that was granted but never taken is given back") {
  Limiter limiter(1);
  auto first = limiter.try_acquire({"a"});
  REQUIRE(first);
  {
    auto waiting = limiter.acquire({"a"});
    waiting.start(nullptr);
    loop.run(sleep_for(1s));
    first.reset();
    CHECK(limiter.used("a") == 1);
  }
  CHECK(limiter.used("a") == 0);
}

TEST_CASE_METHOD(LoopFixture, "trying does not overtake a queue") {
  Limiter limiter(1);
  auto holder = limiter.try_acquire({"a"});
  CHECK_FALSE(limiter.try_acquire({"a"}));
  auto waiting = limiter.acquire({"a", "b"});
  waiting.start(nullptr);
  loop.run(sleep_for(1s));
  CHECK_FALSE(limiter.try_acquire({"b"}));
  holder.reset();
  loop.run(sleep_for(1s));
  CHECK(waiting.done());
}

TEST_CASE_METHOD(LoopFixture, "raising a limit lets waiters in") {
  Limiter limiter(1);
  Log log;
  std::vector<Task<void>> tasks;
  for (const char* name : {"1", "2", "3"}) tasks.push_back(use(limiter, {"a"}, log, name));
  auto all = all_settled(std::move(tasks));
  all.start(nullptr);
  loop.run(sleep_for(100ms));
  CHECK(log == Log{"1"});
  limiter.set_limit("a", 3);
  loop.run(sleep_for(100ms));
  CHECK(log == Log{"1", "2", "3"});
}

TEST_CASE_METHOD(LoopFixture, "ten thousand requests in one queue are served") {
  Limiter limiter(8);
  std::size_t running = 0;
  std::size_t most = 0;
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 10'000; ++i) tasks.push_back(use_and_count(limiter, {"a"}, running, most));
  loop.run(all_settled(std::move(tasks)));
  CHECK(most == 8);
  CHECK(clock.steady() == 1250s);
}

}  // namespace pveplan::async
