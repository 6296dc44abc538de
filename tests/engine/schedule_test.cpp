#include "engine/schedule.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace pveplan;
using model::Step;

namespace {

model::Plan plan_of(const std::vector<std::vector<Step::Id>>& dependencies,
                    const std::vector<std::string>& pools = {}) {
  model::Plan plan;
  for (std::size_t i = 0; i < dependencies.size(); ++i) {
    Step step;
    step.id = static_cast<Step::Id>(i);
    step.address = {"record", "s" + std::to_string(i), "", std::nullopt};
    step.operation = "store";
    step.dependencies = dependencies[i];
    if (i < pools.size() && !pools[i].empty()) step.pools = {pools[i]};
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

engine::Limits limits(std::size_t parallelism) {
  engine::Limits result;
  result.parallelism = parallelism;
  result.pools = {{"node", 1}};
  return result;
}

}  // namespace

TEST_CASE("the longest remaining path starts first") {
  const core::TypeRegistry types;
  const auto most = limits(1);
  const auto plan = plan_of({{}, {}, {1}, {2}});
  engine::Schedule schedule(plan, types, most);
  CHECK(schedule.next() == 1U);
  CHECK_FALSE(schedule.next());
  schedule.succeeded(1);
  CHECK(schedule.next() == 2U);
}

TEST_CASE("a full pool holds back its own steps only") {
  const core::TypeRegistry types;
  const auto most = limits(10);
  const auto plan = plan_of({{}, {}, {}}, {"node:a", "node:a", "node:b"});
  engine::Schedule schedule(plan, types, most);
  CHECK(schedule.next() == 0U);
  CHECK(schedule.next() == 2U);
  CHECK_FALSE(schedule.next());
  schedule.succeeded(0);
  CHECK(schedule.next() == 1U);
}

TEST_CASE("a failure skips its dependents and nothing else") {
  const core::TypeRegistry types;
  const auto most = limits(10);
  const auto plan = plan_of({{}, {0}, {1}, {}, {3}});
  engine::Schedule schedule(plan, types, most);
  CHECK(schedule.next() == 0U);
  CHECK(schedule.failed(0) == std::vector<Step::Id>{1, 2});
  CHECK(schedule.next() == 3U);
  schedule.succeeded(3);
  CHECK(schedule.next() == 4U);
  schedule.succeeded(4);
  CHECK_FALSE(schedule.next());
  CHECK(schedule.running() == 0);
}

TEST_CASE("every step runs once, after its dependencies and within the limits") {
  std::mt19937 random(GENERATE(range(1U, 21U)));
  const core::TypeRegistry types;
  const auto most = limits(1 + random() % 5);
  std::vector<std::vector<Step::Id>> dependencies(60);
  std::vector<std::string> pools(60);
  for (std::size_t i = 1; i < dependencies.size(); ++i) {
    for (std::size_t n = random() % 3; n > 0; --n)
      dependencies[i].push_back(static_cast<Step::Id>(random() % i));
    if (random() % 2 == 0) pools[i] = "node:" + std::to_string(random() % 3);
  }
  const auto plan = plan_of(dependencies, pools);
  engine::Schedule schedule(plan, types, most);
  std::vector<Step::Id> running;
  std::vector<bool> done(dependencies.size());
  std::size_t finished = 0;
  for (;;) {
    while (const auto id = schedule.next()) {
      for (const auto needed : dependencies[*id]) CHECK(done[needed]);
      running.push_back(*id);
      CHECK(running.size() <= most.parallelism);
    }
    if (running.empty()) break;
    const auto pick = random() % running.size();
    const auto id = running[pick];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(pick));
    CHECK_FALSE(done[id]);
    done[id] = true;
    ++finished;
    schedule.succeeded(id);
  }
  CHECK(finished == dependencies.size());
}
