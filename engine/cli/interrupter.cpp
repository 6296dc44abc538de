#include "engine/cli/interrupter.hpp"

#include "providers/async/sleep.hpp"

#include <csignal>

namespace pveplan::cli {

engine::Interrupts Interrupter::interrupts() const {
  engine::Interrupts result;
  result.wind_down = wind_down_.token();
  result.leave = leave_.token();
  return result;
}

async::Task<void> Interrupter::watch() {
  co_await armed_.wait();
  auto signal = co_await host_.signals.next();
  wind_down_.cancel();
  progress_.winding_down();
  if (signal == SIGTERM) {
    // Whoever sends SIGTERM sends SIGKILL soon: leave in time to write the state.
    co_await async::sleep_for(std::chrono::seconds(10));
  } else {
    signal = co_await host_.signals.next();
  }
  leave_.cancel();
}

async::Task<void> Interrupter::tick(bool terminal) {
  co_await armed_.wait();
  for (;;) {
    co_await async::sleep_for(terminal ? std::chrono::seconds(1) : std::chrono::seconds(30));
    progress_.tick();
  }
}

}  // namespace pveplan::cli
