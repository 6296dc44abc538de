#pragma once

#include "providers/async/curl_transport.hpp"
#include "providers/async/host.hpp"
#include "providers/async/real_dialer.hpp"
#include "providers/async/real_files.hpp"
#include "providers/async/real_processes.hpp"
#include "providers/async/real_system.hpp"

namespace pveplan::async {

/// Everything real, built in the order in which the parts need each other. `main` makes one.
class RealHost {
 public:
  explicit RealHost(CurlOptions options = CurlOptions());
  RealHost(const RealHost&) = delete;
  RealHost& operator=(const RealHost&) = delete;
  ~RealHost();

  Host& host() { return host_; }

 private:
  RealClock clock_;
  Loop loop_;
  DescriptorWaits waits_;
  CurlPoller poller_;
  CurlTransport transport_;
  RealFiles files_;
  RealRandom random_;
  RealEnvironment environment_;
  RealSignals signals_;
  RealProcesses processes_;
  RealInput input_;
  RealDialer dialer_;
  Host host_;
};

}  // namespace pveplan::async
