#include "providers/async/task.hpp"

pveplan::async::Task<int> call(std::function<int()> function) { co_return function(); }
