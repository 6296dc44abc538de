#include "engine/cli/interrupter.hpp"

#include "providers/async/sleep.hpp"

#include <csignal>

namespace pveplan::cli {
namespace {

/// Whoever sends SIGTERM sends SIGKILL 10 to 30 s later: leave in time to write the state.
constexpr std::chrono::seconds kGrace{8};

}  // namespace

engine::Interrupts Interrupter::interrupts() const {
  engine::Interrupts result;
  result.wind_down = wind_down_.token();
  result.leave = leave_.token();
  return result;
}

async::Task<void> Interrupter::watch() {
  co_await armed_.wait();
  const auto first = co_await host_.signals.next();
  wind_down_.cancel();
  if (first == SIGTERM) {
    progress_.winding_down(kGrace);
    [[maybe_unused]] const auto second = co_await async::with_timeout(host_.signals.next(), kGrace);
  } else {
    progress_.winding_down(std::nullopt);
    [[maybe_unused]] const auto second = co_await host_.signals.next();
  }
  leave_.cancel();
  progress_.leaving();
}

async::Task<void> Interrupter::tick(bool terminal) {
  co_await armed_.wait();
  for (;;) {
    co_await async::sleep_for(terminal ? std::chrono::seconds(1) : std::chrono::seconds(30));
    progress_.tick();
  }
}

}  // namespace pveplan::cli
