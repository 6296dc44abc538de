#pragma once

#include "providers/async/host.hpp"
#include "tests/support/sim_control.hpp"
#include "tests/support/sim_random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::sim {

/// What becomes of one request on the network.
enum class Fate {
  deliver,
  refuse,              ///< the connection cannot be made
  lose_before_effect,  ///< sent, but the server never sees it; the connection dies
  lose_after_effect,   ///< it has its effect, the connection dies without an answer
};

/// What a simulated server answers, and when.
class SimAnswer {
 public:
  SimAnswer() {}
  int status = 200;
  std::string reason = "OK";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Time ready_at{};  ///< no byte arrives before; a past time means at once
  /// The server's own decision. After the call returned with lose_before_effect, nothing has
  /// happened.
  Fate fate = Fate::deliver;
};

/// A server, seen from the network. The adapter of the lab implements it.
class SimService {
 public:
  virtual ~SimService() = default;
  /// The request takes its effect now; `now` never runs backwards from call to call.
  virtual SimAnswer handle(const async::HttpRequest& request, Time now) = 0;
};

/// Decides the fate of requests on their way, before a service sees them.
class SimFaults {
 public:
  virtual ~SimFaults() = default;
  virtual Fate fate(const async::HttpRequest& request) = 0;
  /// Time from sending to effect, and again from the answer to its arrival.
  virtual Duration latency(const async::HttpRequest& request) = 0;
};

/// Network and servers. They live on while client processes come and go: a request that was under
/// way when its process stopped or gave up may still take effect, up to 30 s later.
class SimNetwork {
 public:
  SimNetwork(SimClock& clock, SimRandom& draws, SimTrace& trace)
      : clock_(clock), draws_(draws), trace_(trace) {}

  /// `authority`: "host:port" as in URLs. Not owned.
  void connect(const std::string& authority, SimService& service) {
    services_[authority] = &service;
  }
  /// Not owned; without one, all is delivered after a millisecond.
  void set_faults(SimFaults* faults) { faults_ = faults; }

  Time now() const { return clock_.now(); }
  SimService* find(const std::string& url) const;
  Fate fate(const async::HttpRequest& request);
  Duration latency(const async::HttpRequest& request);
  SimAnswer deliver(SimService& service, const async::HttpRequest& request);
  /// Nobody waits for the answer any more.
  void abandon(SimService& service, const async::HttpRequest& request);

 private:
  SimClock& clock_;
  SimRandom& draws_;
  SimTrace& trace_;
  std::map<std::string, SimService*> services_;
  SimFaults* faults_ = nullptr;
};

/// One process's way to the network.
class SimTransport : public async::Transport {
 public:
  SimTransport(SimNetwork& network, SimControl& control) : network_(network), control_(control) {}
  async::Task<async::HttpReply> exchange(async::HttpRequest request) override;

 private:
  SimNetwork& network_;
  SimControl& control_;
};

}  // namespace pveplan::sim
