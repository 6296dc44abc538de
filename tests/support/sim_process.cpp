#include "tests/support/sim_process.hpp"

#include "providers/async/sleep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace pveplan::sim {

std::optional<std::string> SimEnvironment::variable(const std::string& name) const {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> SimEnvironment::names_beginning_with(std::string_view prefix) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : variables) {
    if (name.starts_with(prefix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void SimProcesses::install(const std::string& name, Program program, Duration duration) {
  programs_.insert_or_assign(name, Installed(std::move(program), duration));
}

async::Task<async::ProcessResult> SimProcesses::run(std::vector<std::string> argv,
                                                    std::string input) {
  async::ProcessResult result;
  if (!control_.enter(fmt::format("run {} < {}", fmt::join(argv, " "), input))) co_return result;
  started_.push_back(argv);
  const auto found = argv.empty() ? programs_.end() : programs_.find(argv.front());
  if (found == programs_.end()) {
    result.error_output = "no such program in the simulation";
    co_return result;
  }
  result = found->second.program(argv, input);
  co_await async::sleep_for(found->second.duration);
  control_.note(fmt::format("= {} {}", result.exit_code, result.output));
  co_return result;
}

SimSignals::~SimSignals() {
  for (const auto event : events_) clock_.cancel(event);
}

void SimSignals::send_at(int signal, Time time) {
  events_.push_back(clock_.at(time, [this, signal] { arrive(signal); }));
}

void SimSignals::arrive(int signal) {
  control_.note(fmt::format("signal {}", signal));
  if (!armed_) {
    control_.stop();
    return;
  }
  pending_.push_back(signal);
  arrived_.set();
}

void SimSignals::arm() {
  if (control_.enter("arm signals")) armed_ = true;
}

async::Task<int> SimSignals::next() {
  while (pending_.empty()) {
    arrived_.reset();
    co_await arrived_.wait();
  }
  const int signal = pending_.front();
  pending_.pop_front();
  co_return signal;
}

void SimInput::type(std::string text, Duration thought) {
  lines_.emplace_back(std::move(text), thought);
}

async::Task<std::optional<std::string>> SimInput::line() {
  ++asked_;
  if (!control_.enter("read a line") || lines_.empty()) co_return std::nullopt;
  auto [text, thought] = std::move(lines_.front());
  lines_.pop_front();
  co_await async::sleep_for(thought);
  control_.note("= " + text);
  co_return text;
}

}  // namespace pveplan::sim
