// g++ 12 compiles a switch over an awaited expression whose branches all return, and the program
// aborts. The promise cannot see this form; tests/providers/async/house_rules_test.cpp looks for it
// in the sources. When this program stops to fail, the rule can go.
#include "providers/async/task.hpp"
#include "tests/providers/async/still_clock.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pveplan::async {
namespace {

Task<int> one() { co_return 1; }

Task<int> switch_on_an_await() {
  switch (co_await one()) {
    case 1:
      co_return 5;
    default:
      co_return 6;
  }
}

[[noreturn]] void run_the_form() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  close(STDERR_FILENO);
  StillClock clock;
  Loop loop(clock);
  _exit(loop.run(switch_on_an_await()) == 5 ? 0 : 1);
}

}  // namespace
}  // namespace pveplan::async

int main() {
  const pid_t child = fork();
  if (child == 0) pveplan::async::run_the_form();
  int status = 0;
  waitpid(child, &status, 0);
  const bool works = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  fmt::print("{}\n", works ? "the form works with this compiler" : "the form still fails");
  return 0;
}
