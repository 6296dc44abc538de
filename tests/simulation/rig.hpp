#pragma once

#include "engine/cli/program.hpp"
#include "tests/support/lab_service.hpp"
#include "tests/support/sim_host.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pveplan::sim {

/// How one simulated process ended.
struct Ended {
  int exit_code = -1;
  bool stopped = false;          ///< at its stopping point
  std::uint64_t boundaries = 0;  ///< calls of the outside that it made
  std::string out, err;
  std::vector<std::string> late_calls;  ///< made after the stop: must be empty
};

/// What a process meets.
struct Conditions {
  std::optional<std::uint64_t> stop_before;  ///< boundary at which it is stopped
  std::vector<SimFileFault> file_faults;
  std::function<void(SimHost&)> prepare;
  std::uint64_t meanwhile_before = 0;  ///< boundary before which `meanwhile` happens
  std::function<void()> meanwhile;
  std::function<void(SimHost&, const std::string& text)> on_output;  ///< called before it is shown
};

/// The whole program in a simulated world: one machine with a topology folder, one lab cluster.
class Rig {
 public:
  explicit Rig(std::uint64_t seed, int nodes = 1);

  /// Puts the topology where the program finds it. `[proxmox]` is filled in by the text itself; see
  /// connection().
  void write_topology(const std::string& text);
  /// A [proxmox] table for the lab of a rig with one node, or with several.
  static std::string connection(int nodes = 1);
  /// What all nodes were asked so far: "GET /api2/json/version".
  std::vector<std::string> requests() const;
  /// What somebody else asks the cluster as root, with the parameters as a form: what comes of it
  /// is awaited. The status of the answer.
  int ask(const std::string& method, const std::string& path, const std::string& form = "");
  /// Nobody does anything for a while; what runs on the servers ends.
  void let_time_pass(Duration duration);

  /// Variables of every process, besides the token.
  std::map<std::string, std::string> environment;
  /// Runs `pveplan ARGUMENTS` as a new process.
  Ended run(const std::vector<std::string>& arguments, const Conditions& conditions = {});
  /// The same with the token of deployer@pve.
  Ended run_as_deployer(const std::vector<std::string>& arguments);
  /// Its privileges, of which a test may take some.
  std::set<std::string>& deployer_privileges();

  SimWorld world;
  lab::Core lab;

 private:
  std::string token_;
  std::vector<std::unique_ptr<LabService>> nodes_;
  cli::KnownTypes known_;
};

/// Whether the text says it, wherever its lines are wrapped.
bool contains(const std::string& text, const std::string& what);

}  // namespace pveplan::sim
