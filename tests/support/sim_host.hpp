#pragma once

#include "providers/async/host.hpp"
#include "tests/support/sim_files.hpp"
#include "tests/support/sim_process.hpp"
#include "tests/support/sim_transport.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace pveplan::sim {

/// What survives a crash: time, the disk, the servers, the trace. One seed decides all that is
/// drawn.
class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed)
      : draws(seed),
        client_seed(draws.next()),
        trace(clock),
        disk(draws),
        network(clock, draws, trace) {}
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  SimRandom draws;
  std::uint64_t client_seed;
  SimClock clock;
  SimTrace trace;
  SimDisk disk;
  SimNetwork network;
  /// What servers say by themselves, by "ADDRESS:PORT"; empty for one that waits to be asked.
  std::map<std::string, std::string> greetings;

  /// After the host has been destroyed: what was not synced may be lost, and 0 to 120 s pass before
  /// anybody starts it again. How it went down is drawn when it is not given.
  void crash();
  void crash(Crash kind);
};

/// One process's way to servers inside guests.
class SimDialer : public async::Dialer {
 public:
  SimDialer(const std::map<std::string, std::string>& greetings, SimControl& control)
      : greetings_(greetings), control_(control) {}
  async::Task<async::Greeting> greeting(std::string address, int port,
                                        std::chrono::milliseconds patience) override;
  async::Task<std::expected<void, std::string>> connect(
      std::string address, int port, std::chrono::milliseconds patience) override;

 private:
  async::Task<std::expected<std::string, std::string>> reach(std::string peer);

  const std::map<std::string, std::string>& greetings_;
  SimControl& control_;
};

/// One process: everything that Host has, over one world. Make a new one after a crash.
class SimHost {
 public:
  explicit SimHost(SimWorld& world);
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  SimWorld& world;
  SimControl control;
  SimEnvironment environment;
  SimRandom random;
  SimFiles files;
  async::Loop loop;
  SimTransport transport;
  SimProcesses processes;
  SimSignals signals;
  SimInput input;
  SimDialer dialer;
  async::Host host;
};

}  // namespace pveplan::sim
