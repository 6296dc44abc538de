#pragma once

#include "providers/async/task_group.hpp"

#include <vector>

namespace pveplan::async {

/// Runs all tasks at the same time and to their end, and gives their results in order. Should one
/// throw (a bug), the others still end before the first exception goes on.
template <typename T>
requires(!std::is_void_v<T>) Task<std::vector<T>> all_settled(std::vector<Task<T>> tasks) {
  TaskGroup<T> group;
  std::vector<std::optional<T>> results(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) group.start(i, std::move(tasks[i]));
  std::exception_ptr failure;
  while (!group.empty()) {
    try {
      auto finished = co_await group.next();
      results[finished.id].emplace(std::move(finished.value));
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  std::vector<T> values;
  values.reserve(results.size());
  for (auto& result : results) values.push_back(std::move(*result));
  co_return values;
}

Task<void> all_settled(std::vector<Task<void>> tasks);

}  // namespace pveplan::async
