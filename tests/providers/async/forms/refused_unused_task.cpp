#include "providers/async/task.hpp"

pveplan::async::Task<int> one() { co_return 1; }

void forgets() { one(); }
