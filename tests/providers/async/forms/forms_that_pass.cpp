// The forms of coroutine code that this repository uses. Built without optimisation, with it, and
// with the address sanitizer: a compiler that miscompiles one of them fails here first.
#include "providers/async/all_settled.hpp"
#include "providers/async/task.hpp"
#include "tests/providers/async/still_clock.hpp"

#include <fmt/format.h>

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::async {
namespace {

const std::string kLong(100, 'x');

class Named {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  Named(std::string name, int number) : name_(std::move(name)), number_(number) {}
  const std::string& name() const { return name_; }
  Task<int> member(std::string more) {
    const int size = co_await plain(more);
    co_return size + static_cast<int>(name_.size());
  }

 private:
  static Task<int> plain(std::string text) { co_return static_cast<int>(text.size()); }
  std::string name_;
  int number_ = 0;
};

Named make_named() { return Named(kLong, 7); }

Task<int> size_of(std::string text) { co_return static_cast<int>(text.size()); }
Task<int> size_of_named(Named named) { co_return static_cast<int>(named.name().size()); }
Task<int> size_of_bound(const Named& named) {
  const int size = co_await size_of(named.name());
  co_return size;
}
Task<int> size_of_optional(std::optional<std::string> text) {
  co_return text ? static_cast<int>(text->size()) : 0;
}
Task<int> total(std::map<std::string, std::string> texts) {
  int sum = 0;
  for (const auto& [key, text] : texts) {
    const int size = co_await size_of(text);
    sum += size;
  }
  co_return sum;
}
Task<std::expected<std::string, std::string>> maybe(bool good) {
  if (good) co_return kLong;
  co_return std::unexpected("no");
}
Task<bool> yes() { co_return true; }
Task<int> thrower() {
  co_await yes();
  throw kLong;
}

Task<int> named_argument() {
  const std::string text = kLong;
  const int size = co_await size_of(text);
  co_return size;
}
Task<int> moved_argument() {
  std::string text = kLong;
  const int size = co_await size_of(std::move(text));
  co_return size;
}
Task<int> converted_literal() {
  const int size = co_await size_of("a literal that is too long to be kept in the object itself");
  co_return size + 42;
}
Task<int> temporary_with_constructor() {
  const int size = co_await size_of_named(Named(kLong, 3));
  co_return size;
}
Task<int> temporary_from_factory() {
  const int size = co_await size_of_named(make_named());
  co_return size;
}
Task<int> reference_to_temporary() {
  const int size = co_await size_of_bound(Named(kLong, 3));
  co_return size;
}
Task<int> converted_optional() {
  const int size = co_await size_of_optional(kLong);
  co_return size;
}
Task<int> moved_map() {
  std::map<std::string, std::string> texts;
  texts.emplace("a", kLong.substr(50));
  texts.emplace("b", kLong.substr(50));
  const int size = co_await total(std::move(texts));
  co_return size;
}
Task<int> in_if_initializer() {
  if (const auto text = co_await maybe(true); text) co_return static_cast<int>(text->size());
  co_return 0;
}
Task<int> in_while_condition() {
  int count = 0;
  while (co_await yes()) {
    if (++count == 100) break;
  }
  co_return count;
}
Task<int> in_conditional_operator() {
  const int size = kLong.empty() ? co_await size_of("") : co_await size_of(kLong);
  co_return size;
}
Task<int> in_logical_and() {
  const bool both = co_await yes() && co_await yes();
  co_return both ? 100 : 0;
}
Task<int> in_try_block() {
  try {
    co_await thrower();
  } catch (const std::string& text) {
    co_return static_cast<int>(text.size());
  }
  co_return 0;
}
Task<int> unexpected_value() {
  const auto text = co_await maybe(false);
  co_return text ? 0 : 100;
}
Task<int> vector_of_tasks() {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(size_of(kLong.substr(90)));
  const auto sizes = co_await all_settled(std::move(tasks));
  int sum = 0;
  for (int size : sizes) sum += size;
  co_return sum;
}
Task<int> member_coroutine() {
  Named named(kLong.substr(50));
  const int size = co_await named.member(kLong.substr(50));
  co_return size;
}
Task<int> named_lambda() {
  auto lambda = [](std::string text) -> Task<int> {
    const int size = co_await size_of(text);
    co_return size;
  };
  const int size = co_await lambda(kLong);
  co_return size;
}
Task<int> switch_on_a_name() {
  const int size = co_await size_of(kLong);
  switch (size) {
    case 100:
      co_return 100;
    default:
      co_return 0;
  }
}

int failures = 0;

void expect_hundred(const char* form, Task<int> task) {
  StillClock clock;
  Loop loop(clock);
  const int result = loop.run(std::move(task));
  if (result == 100) return;
  ++failures;
  fmt::print("{}: {} instead of 100\n", form, result);
}

}  // namespace
}  // namespace pveplan::async

int main() {
  using namespace pveplan::async;
  expect_hundred("named argument", named_argument());
  expect_hundred("moved argument", moved_argument());
  expect_hundred("converted literal", converted_literal());
  expect_hundred("temporary with a constructor", temporary_with_constructor());
  expect_hundred("temporary from a factory", temporary_from_factory());
  expect_hundred("const reference to a temporary", reference_to_temporary());
  expect_hundred("converted to optional", converted_optional());
  expect_hundred("moved map, range-for", moved_map());
  expect_hundred("in an if initializer", in_if_initializer());
  expect_hundred("in a while condition", in_while_condition());
  expect_hundred("in a conditional operator", in_conditional_operator());
  expect_hundred("in a logical and", in_logical_and());
  expect_hundred("in a try block", in_try_block());
  expect_hundred("unexpected value", unexpected_value());
  expect_hundred("vector of tasks", vector_of_tasks());
  expect_hundred("member coroutine", member_coroutine());
  expect_hundred("named coroutine lambda", named_lambda());
  expect_hundred("switch on a name", switch_on_a_name());
  fmt::print("{} forms failed\n", failures);
  return failures == 0 ? 0 : 1;
}
