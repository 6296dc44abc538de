#pragma once

#include "providers/async/descriptor_waits.hpp"
#include "providers/async/host.hpp"
#include "providers/async/real_system.hpp"

namespace pveplan::async {

/// Children by posix_spawn, found by PATH, with their three streams on the loop. A child that
/// nobody waits for any more is killed.
///
/// Once signals are armed, children get a process group of their own: the terminal sends its SIGINT
/// to the whole foreground group, and what is in flight must be able to end.
class RealProcesses : public Processes {
 public:
  RealProcesses(DescriptorWaits& waits, const RealSignals& signals)
      : waits_(waits), signals_(signals) {}
  Task<ProcessResult> run(std::vector<std::string> argv, std::string input) override;

  /// Of output and of error output each; a child that writes more is killed.
  static constexpr std::size_t kMostOutput = 64 * 1024 * 1024;

 private:
  DescriptorWaits& waits_;
  const RealSignals& signals_;
};

}  // namespace pveplan::async
