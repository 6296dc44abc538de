#include "tests/support/sim_control.hpp"

#include <fmt/format.h>

#include <utility>

namespace pveplan::sim {

void SimTrace::add(std::string_view line) {
  const std::string stamped = fmt::format("{} {}\n", clock_.steady().count(), line);
  for (const char byte : stamped) {
    hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  if (keep_) lines_.push_back(stamped);
}

bool SimControl::enter(std::string_view call) {
  if (stopped_) {
    calls_after_stop_.emplace_back(call);
    return false;
  }
  ++boundaries_;
  if (event_ && boundaries_ == event_at_) std::exchange(event_, nullptr)();
  if (boundaries_ == stop_before_) {
    trace_.add(fmt::format("stopped before {}", call));
    stop();
    throw SimulatedStop();
  }
  trace_.add(call);
  return true;
}

void SimControl::stop() {
  stopped_ = true;
  if (async::Loop::exists()) {
    async::Loop::current().interrupt(std::make_exception_ptr(SimulatedStop()));
  }
}

}  // namespace pveplan::sim
