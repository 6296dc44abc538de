#include "providers/async/task.hpp"

#include <string>
#include <vector>

pveplan::async::Task<int> count(std::vector<std::string> names) {
  co_return static_cast<int>(names.size());
}

pveplan::async::Task<int> caller() {
  const int names = co_await count({"one", "two"});
  co_return names;
}
