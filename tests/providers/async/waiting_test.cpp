#include "providers/async/all_settled.hpp"
#include "providers/async/cancel.hpp"
#include "providers/async/completion.hpp"
#include "providers/async/event.hpp"
#include "providers/async/retry.hpp"
#include "providers/async/sleep.hpp"
#include "tests/providers/async/loop_fixture.hpp"
#include "tests/support/catch.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace pveplan::async {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

Task<void> note_after(Log& log, std::string name, std::chrono::nanoseconds delay) {
  co_await sleep_for(delay);
  log.push_back(name);
}

Task<int> give_after(int value, std::chrono::nanoseconds delay) {
  co_await sleep_for(delay);
  co_return value;
}

Task<int> throw_after(std::chrono::nanoseconds delay) {
  co_await sleep_for(delay);
  throw std::runtime_error("a bug");
}

Task<void> cancel_after(CancelSource& source, std::chrono::nanoseconds delay) {
  co_await sleep_for(delay);
  source.cancel();
}

Task<void> together(Task<void> first, Task<void> second) {
  std::vector<Task<void>> tasks;
  tasks.push_back(std::move(first));
  tasks.push_back(std::move(second));
  co_await all_settled(std::move(tasks));
}

Task<void> note_result(Log& log, Task<bool> task) {
  const bool result = co_await task;
  log.push_back(result ? "true" : "false");
}

Task<void> note_event(Log& log, std::string name, Event& event) {
  co_await event.wait();
  log.push_back(name);
}

Task<void> fulfil_after(Completion<int>& completion, std::chrono::nanoseconds delay) {
  co_await sleep_for(delay);
  completion.fulfil(5);
  completion.fulfil(6);
}

Task<void> expect_five(Completion<int>& completion, Log& log) {
  const int value = co_await completion.wait();
  log.push_back(std::to_string(value));
}

Task<void> set_then_reset(Event& event) {
  co_await sleep_for(1s);
  event.set();
  event.reset();
}

Task<int> count_attempts(Delays delays, CancelToken token) {
  Backoff backoff(delays, token);
  int attempts = 0;
  for (;;) {
    ++attempts;
    const bool again = co_await backoff.wait();
    if (!again) co_return attempts;
  }
}

}  // namespace

TEST_CASE_METHOD(LoopFixture, "sleeping takes virtual time only") {
  loop.run(sleep_for(24h));
  CHECK(clock.steady() == 24h);
}

TEST_CASE_METHOD(LoopFixture,
                 "sleepers wake by time and then in the order in which they lay down") {
  Log log;
  std::vector<Task<void>> tasks;
  for (const auto& [name, delay] : {std::pair{"c", 3s}, {"a", 1s}, {"b1", 2s}, {"b2", 2s}}) {
    tasks.push_back(note_after(log, name, delay));
  }
  loop.run(all_settled(std::move(tasks)));
  CHECK(log == Log{"a", "b1", "b2", "c"});
}

TEST_CASE_METHOD(LoopFixture, "ten thousand timers that are dropped leave the others in order") {
  std::vector<Task<bool>> dropped;
  for (int i = 0; i < 10'000; ++i) {
    dropped.push_back(sleep_for(std::chrono::seconds(1 + (i * 7919) % 1000)));
    dropped.back().start(nullptr);
  }
  loop.run(sleep_for(500ms));
  for (std::size_t i = 0; i < dropped.size(); i += 2) dropped[i] = Task<bool>();
  loop.run(sleep_for(1000s));
  std::size_t done = 0;
  for (const auto& task : dropped) done += task.done() ? 1 : 0;
  CHECK(done == 5'000);
  CHECK(clock.steady() == 1000s + 500ms);
}

TEST_CASE_METHOD(LoopFixture, "a sleep that is cancelled ends at once and says so") {
  CancelSource source;
  Log log;
  loop.run(together(note_result(log, sleep_for(1h, source.token())), cancel_after(source, 2s)));
  CHECK(log == Log{"false"});
  CHECK(clock.steady() == 2s);
}

TEST_CASE_METHOD(LoopFixture, "a sleep with a token that was cancelled before does not sleep") {
  CancelSource source;
  source.cancel();
  CHECK_FALSE(loop.run(sleep_for(1h, source.token())));
  CHECK(clock.steady() == 0s);
}

TEST_CASE_METHOD(LoopFixture,
                 "a task raced with a cancellation is dropped with what it waits for") {
  CancelSource source;
  auto race = [](CancelSource& cancel) -> Task<bool> {
    auto nested = or_cancelled(give_after(1, 1h), cancel.token());
    const auto result = co_await nested;
    co_return result.has_value();
  };
  Log log;
  loop.run(together(note_result(log, race(source)), cancel_after(source, 1s)));
  CHECK(log == Log{"false"});
  CHECK(clock.steady() == 1s);
}

TEST_CASE_METHOD(LoopFixture, "a task that finishes in the turn of its cancellation has finished") {
  CancelSource source;
  auto finish_and_cancel = [](CancelSource& cancel) -> Task<int> {
    cancel.cancel();
    co_return 3;
  };
  CHECK(loop.run(or_cancelled(finish_and_cancel(source), source.token())) == 3);
}

TEST_CASE_METHOD(LoopFixture, "a time limit drops the task that exceeds it") {
  CHECK(loop.run(with_timeout(give_after(1, 1s), 2s)) == 1);
  CHECK(loop.run(with_timeout(give_after(1, 2h), 2s)) == std::nullopt);
  CHECK(clock.steady() == 3s);
}

TEST_CASE_METHOD(LoopFixture,
                 "a completion delivers its first value, before or after somebody waits") {
  Completion<int> early;
  early.fulfil(1);
  CHECK(loop.run(early.wait()) == 1);
  Completion<int> late;
  Log log;
  loop.run(together(expect_five(late, log), fulfil_after(late, 1s)));
  CHECK(log == Log{"5"});
}

TEST_CASE_METHOD(LoopFixture,
                 "an event lets everybody pass who waited, even when it is reset at once") {
  Event event;
  Log log;
  std::vector<Task<void>> tasks;
  tasks.push_back(note_event(log, "first", event));
  tasks.push_back(note_event(log, "second", event));
  tasks.push_back(set_then_reset(event));
  loop.run(all_settled(std::move(tasks)));
  CHECK(log == Log{"first", "second"});
  CHECK_FALSE(event.is_set());
}

TEST_CASE_METHOD(LoopFixture, "all tasks run at the same time and answer in order") {
  std::vector<Task<int>> tasks;
  tasks.push_back(give_after(1, 3s));
  tasks.push_back(give_after(2, 1s));
  tasks.push_back(give_after(3, 2s));
  CHECK(loop.run(all_settled(std::move(tasks))) == std::vector<int>{1, 2, 3});
  CHECK(clock.steady() == 3s);
}

TEST_CASE_METHOD(LoopFixture, "the others still end when one of them throws") {
  std::vector<Task<int>> tasks;
  tasks.push_back(throw_after(1s));
  tasks.push_back(give_after(2, 5s));
  CHECK_THROWS_WITH(loop.run(all_settled(std::move(tasks))), "a bug");
  CHECK(clock.steady() == 5s);
}

TEST_CASE_METHOD(LoopFixture, "a group gives its tasks back in the order in which they finish") {
  auto collect = [](Log& log) -> Task<void> {
    TaskGroup<int> group;
    group.start(7, give_after(70, 3s));
    group.start(8, give_after(80, 1s));
    while (!group.empty()) {
      auto finished = co_await group.next();
      log.push_back(std::to_string(finished.id) + "=" + std::to_string(finished.value));
      if (finished.id == 8) group.start(9, give_after(90, 1s));
    }
  };
  Log log;
  loop.run(collect(log));
  CHECK(log == Log{"8=80", "9=90", "7=70"});
}

TEST_CASE_METHOD(LoopFixture, "waiting for a group can be cancelled without losing a result") {
  auto scenario = [](CancelSource& source) -> Task<int> {
    TaskGroup<int> group;
    group.start(1, give_after(10, 5s));
    auto dropped = co_await or_cancelled(group.next(), source.token());
    if (dropped) co_return -1;
    auto finished = co_await group.next();
    co_return finished.value;
  };
  CancelSource source;
  auto canceller = cancel_after(source, 1s);
  canceller.start(nullptr);
  CHECK(loop.run(scenario(source)) == 10);
  CHECK(clock.steady() == 5s);
}

TEST_CASE_METHOD(LoopFixture, "a group that is dropped drops its tasks") {
  Log log;
  auto drop = [](Log& notes) -> Task<void> {
    TaskGroup<void> group;
    group.start(1, note_after(notes, "late", 10s));
    co_await sleep_for(1s);
  };
  loop.run(drop(log));
  loop.run(sleep_for(60s));
  CHECK(log.empty());
}

TEST_CASE_METHOD(LoopFixture, "ten thousand tasks of a group finish") {
  auto many = []() -> Task<std::size_t> {
    TaskGroup<int> group;
    for (std::size_t i = 0; i < 10'000; ++i) {
      group.start(i, give_after(1, std::chrono::milliseconds(i % 100)));
    }
    std::size_t sum = 0;
    while (!group.empty()) {
      auto finished = co_await group.next();
      sum += finished.id;
    }
    co_return sum;
  };
  CHECK(loop.run(many()) == 10'000u * 9'999u / 2);
}

TEST_CASE("doubling delays stay below their maximum and add up to their total") {
  CHECK(doubling_delays(1s, 4s, 10s) == Delays{1s, 2s, 4s, 3s});
  CHECK(doubling_delays(1s, 4s, 0s).empty());
}

TEST_CASE_METHOD(LoopFixture, "a back-off ends with its table, or with its token") {
  CHECK(loop.run(count_attempts({1s, 2s, 4s}, CancelToken())) == 4);
  CHECK(clock.steady() == 7s);
  CancelSource source;
  source.cancel();
  CHECK(loop.run(count_attempts({1s, 2s}, source.token())) == 1);
  CHECK(clock.steady() == 7s);
}

TEST_CASE_METHOD(LoopFixture, "a server's wish to wait longer is respected") {
  auto once = []() -> Task<void> {
    Backoff backoff(Delays{1s, 1s});
    backoff.at_least(9s);
    co_await backoff.wait();
    co_await backoff.wait();
  };
  loop.run(once());
  CHECK(clock.steady() == 10s);
}

}  // namespace pveplan::async
