#include "providers/async/task.hpp"

#include <string>

template <typename F>
pveplan::async::Task<int> call(F function) {
  co_return function();
}

pveplan::async::Task<int> caller(std::string text) {
  const int size = co_await call([text] { return static_cast<int>(text.size()); });
  co_return size;
}
