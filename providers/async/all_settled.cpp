#include "providers/async/all_settled.hpp"

namespace pveplan::async {

Task<void> all_settled(std::vector<Task<void>> tasks) {
  TaskGroup<void> group;
  for (auto& task : tasks) group.start(0, std::move(task));
  std::exception_ptr failure;
  while (!group.empty()) {
    try {
      co_await group.next();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace pveplan::async
