#pragma once

#include "providers/async/loop.hpp"
#include "tests/support/sim_clock.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::sim {

/// Everything that a run did to the outside, as a hash: two runs of one seed must agree.
class SimTrace {
 public:
  explicit SimTrace(const SimClock& clock) : clock_(clock) {}
  void add(std::string_view line);
  std::uint64_t hash() const { return hash_; }
  /// Keeps the lines as well, to see where two runs part.
  void keep_lines() { keep_ = true; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  const SimClock& clock_;
  std::uint64_t hash_ = 0xcbf29ce484222325;
  bool keep_ = false;
  std::vector<std::string> lines_;
};

/// Ends a simulated process at its stopping point. Nothing may catch it but the test.
class SimulatedStop : public std::exception {
 public:
  const char* what() const noexcept override { return "the simulated process was stopped"; }
};

/// The life of one simulated process. Each call of a simulated service is a numbered boundary at
/// which the process can be stopped; after that, every service refuses to work.
class SimControl {
 public:
  explicit SimControl(SimTrace& trace) : trace_(trace) {}

  /// For services, before each call: throws SimulatedStop at the stopping point. False: the process
  /// has been stopped before, and this call comes from a destructor or a handler; refuse it.
  bool enter(std::string_view call);
  /// For services: notes what came of the call.
  void note(std::string_view result) { trace_.add(result); }

  /// The call with this number (the first one is 1) does not take place.
  void stop_before(std::uint64_t boundary) { stop_before_ = boundary; }
  /// Before that call, something else happens in the world: somebody edits it, or another process
  /// runs from its beginning to its end.
  void at_boundary(std::uint64_t boundary, std::function<void()> event) {
    event_at_ = boundary;
    event_ = std::move(event);
  }
  /// Stops now, from outside of any call (a signal).
  void stop();

  std::uint64_t boundaries() const { return boundaries_; }
  bool stopped() const { return stopped_; }
  /// Must be empty in every test that stops a process.
  const std::vector<std::string>& calls_after_stop() const { return calls_after_stop_; }

 private:
  SimTrace& trace_;
  std::uint64_t boundaries_ = 0;
  std::optional<std::uint64_t> stop_before_;
  std::uint64_t event_at_ = 0;
  std::function<void()> event_;
  bool stopped_ = false;
  std::vector<std::string> calls_after_stop_;
};

}  // namespace pveplan::sim
