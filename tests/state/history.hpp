// What a crash test knows: every state that a process had in memory, and which one it was promised.
#pragma once

#include "state/local_store.hpp"
#include "state/session.hpp"
#include "tests/support/sim_host.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace pveplan::state {

/// The machine that the tests of this folder run on, and the store under test.
inline const std::string kFolder = ".pveplan/lab";
inline const std::string kAbsolute = "/home/tester/topology/.pveplan/lab";

inline LocalStore store_on(sim::SimHost& host, StoreLimits limits = {}) {
  return {host.files, host.random, host.world.clock, host.environment, kFolder, "0.1.0", limits};
}

/// The user's folder is there before pveplan runs for the first time.
inline void make_home(sim::SimWorld& world) {
  world.disk.place("/home/tester/topology/lab.toml", "");
}

class History {
 public:
  History() { states_[0] = StateFile(); }

  void saw(const StateFile& state) { states_[state.serial] = without_program(state); }
  /// flush(), durable() or finish() has answered for this state.
  void promised(const StateFile& state) {
    saw(state);
    promised_ = state.serial;
    exists_ = true;
  }
  /// Whether what was found after a crash is a state that was, at or after the promised one. What
  /// came after it never was.
  bool accepts(const Loaded& found) {
    const auto at = states_.find(found.state.serial);
    if (at == states_.end() || found.state.serial < promised_) return false;
    if (exists_ && !found.exists) return false;
    if (found.exists && at->second != without_program(found.state)) return false;
    states_.erase(std::next(at), states_.end());
    return true;  // seen is not promised: after a kill it may not be durable yet
  }

 private:
  static StateFile without_program(StateFile state) {
    state.program.clear();  // changes with the snapshot, not with the content
    return state;
  }

  std::map<std::uint64_t, StateFile> states_;
  std::uint64_t promised_ = 0;
  bool exists_ = false;
};

}  // namespace pveplan::state
