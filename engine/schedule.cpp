#include "engine/schedule.hpp"

#include "engine/graph.hpp"

#include <algorithm>

namespace pveplan::engine {

using model::Step;

Schedule::Schedule(const model::Plan& plan, const core::TypeRegistry& types, const Limits& limits)
    : plan_(plan),
      limits_(limits),
      dependents_(plan.steps.size()),
      missing_(plan.steps.size()),
      status_(plan.steps.size(), Status::waiting) {
  std::vector<std::uint64_t> weights(plan.steps.size());
  for (const auto& step : plan.steps) {
    missing_[step.id] = static_cast<std::uint32_t>(step.dependencies.size());
    for (const auto dependency : step.dependencies) dependents_[dependency].push_back(step.id);
    const auto* type = types.find(step.address.type);
    const auto* operation = type != nullptr ? core::find_operation(*type, step.operation) : nullptr;
    // Each step weighs at least one, so that among quick ones the longer chain still comes first.
    weights[step.id] = 1 + 1000 * static_cast<std::uint64_t>(
                                      operation != nullptr ? operation->expected.count() : 0);
  }
  std::vector<Step::Id> order;
  order.reserve(plan.steps.size());
  auto missing = missing_;
  for (const auto& step : plan.steps) {
    if (missing[step.id] == 0) order.push_back(step.id);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const auto dependent : dependents_[order[i]]) {
      if (--missing[dependent] == 0) order.push_back(dependent);
    }
  }
  remaining_ = longest_remaining(dependents_, weights, order);
  for (const auto& step : plan.steps) {
    if (missing_[step.id] == 0) make_ready(step.id);
  }
}

void Schedule::make_ready(Step::Id step) {
  status_[step] = Status::ready;
  ready_.push({remaining_[step], step});
}

const std::string* Schedule::full_pool(const Step& step) const {
  for (const auto& pool : step.pools) {
    const auto at = used_.find(pool);
    if (at != used_.end() && at->second >= limits_.of(pool)) return &pool;
  }
  return nullptr;
}

std::optional<Step::Id> Schedule::next() {
  while (running_ < limits_.parallelism && !ready_.empty()) {
    const auto id = ready_.top().id;
    ready_.pop();
    if (status_[id] != Status::ready) continue;
    const auto& step = plan_.steps[id];
    if (const auto* pool = full_pool(step)) {
      blocked_[*pool].push_back(id);
      continue;
    }
    for (const auto& pool : step.pools) ++used_[pool];
    status_[id] = Status::running;
    ++running_;
    return id;
  }
  return std::nullopt;
}

void Schedule::release(const Step& step) {
  --running_;
  for (const auto& pool : step.pools) {
    --used_[pool];
    const auto waiting = blocked_.find(pool);
    if (waiting == blocked_.end()) continue;
    for (const auto id : waiting->second) {
      if (status_[id] == Status::ready) ready_.push({remaining_[id], id});
    }
    blocked_.erase(waiting);
  }
}

void Schedule::succeeded(Step::Id step) {
  release(plan_.steps[step]);
  status_[step] = Status::done;
  for (const auto dependent : dependents_[step]) {
    if (--missing_[dependent] == 0 && status_[dependent] == Status::waiting) make_ready(dependent);
  }
}

std::vector<Step::Id> Schedule::failed(Step::Id step) {
  release(plan_.steps[step]);
  status_[step] = Status::failed;
  std::vector<Step::Id> skipped;
  std::vector<Step::Id> queue = {step};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (const auto dependent : dependents_[queue[i]]) {
      if (status_[dependent] != Status::waiting) continue;
      status_[dependent] = Status::failed;
      skipped.push_back(dependent);
      queue.push_back(dependent);
    }
  }
  return skipped;
}

}  // namespace pveplan::engine
