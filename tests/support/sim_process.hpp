#pragma once

#include "providers/async/event.hpp"
#include "providers/async/host.hpp"
#include "tests/support/sim_control.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace pveplan::sim {

/// Set the members as the test needs them.
class SimEnvironment : public async::Environment {
 public:
  std::map<std::string, std::string> variables;
  std::string user_name = "tester";
  std::string host = "workstation";
  int pid = 1;
  std::string folder = "/home/tester/topology";
  std::string home = "/home/tester";
  bool terminal_output = false;
  bool terminal_input = false;
  int columns = 80;

  std::optional<std::string> variable(const std::string& name) const override;
  std::vector<std::string> names_beginning_with(std::string_view prefix) const override;
  std::string user() const override { return user_name; }
  std::string host_name() const override { return host; }
  int process_id() const override { return pid; }
  std::string working_directory() const override { return folder; }
  std::string home_directory() const override { return home; }
  bool output_is_terminal() const override { return terminal_output; }
  bool input_is_terminal() const override { return terminal_input; }
  int terminal_columns() const override { return columns; }
};

/// Programs that exist in the simulation. Anything else cannot be started (exit code −1).
class SimProcesses : public async::Processes {
 public:
  using Program = std::function<async::ProcessResult(const std::vector<std::string>& argv,
                                                     const std::string& input)>;
  explicit SimProcesses(SimControl& control) : control_(control) {}

  /// Called for each argv with that program name; the result is there after `duration`.
  void install(const std::string& name, Program program, Duration duration = {});
  async::Task<async::ProcessResult> run(std::vector<std::string> argv, std::string input) override;
  const std::vector<std::vector<std::string>>& started() const { return started_; }

 private:
  class Installed {
   public:
    Installed(Program the_program, Duration the_duration)
        : program(std::move(the_program)), duration(the_duration) {}
    Program program;
    Duration duration;
  };
  SimControl& control_;
  std::map<std::string, Installed> programs_;
  std::vector<std::vector<std::string>> started_;
};

/// Signals that arrive by plan. One that arrives before arm() ends the process.
class SimSignals : public async::Signals {
 public:
  SimSignals(SimControl& control, SimClock& clock) : control_(control), clock_(clock) {}
  ~SimSignals() override;
  SimSignals(const SimSignals&) = delete;
  SimSignals& operator=(const SimSignals&) = delete;

  void send(int signal) { send_at(signal, clock_.now()); }
  void send_at(int signal, Time time);
  bool armed() const { return armed_; }

  void arm() override;
  async::Task<int> next() override;

 private:
  void arrive(int signal);

  SimControl& control_;
  SimClock& clock_;
  bool armed_ = false;
  std::deque<int> pending_;
  async::Event arrived_;
  std::vector<SimClock::EventId> events_;
};

/// Lines that a person types, each after some thought; then the end of the input.
class SimInput : public async::Input {
 public:
  explicit SimInput(SimControl& control) : control_(control) {}
  void type(std::string text, Duration thought = {});
  async::Task<std::optional<std::string>> line() override;
  std::size_t asked() const { return asked_; }

 private:
  SimControl& control_;
  std::deque<std::pair<std::string, Duration>> lines_;
  std::size_t asked_ = 0;
};

}  // namespace pveplan::sim
