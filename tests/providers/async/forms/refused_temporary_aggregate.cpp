#include "providers/async/task.hpp"

#include <string>

struct Options {
  std::string name;
};

pveplan::async::Task<int> by_value(Options options) {
  co_return static_cast<int>(options.name.size());
}
