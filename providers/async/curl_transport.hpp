#pragma once

#include "providers/async/descriptor_waits.hpp"
#include "providers/async/host.hpp"
#include "providers/async/limiter.hpp"

#include <cstddef>
#include <string>

namespace pveplan::async {

class CurlOptions {
 public:
  CurlOptions() {}
  long connections_per_host = 4;  ///< open ones, idle ones included; further requests wait in order
  std::size_t most_body_bytes = std::size_t{256} << 20;  ///< a longer answer counts as lost
  std::string proxy;  ///< empty = none, whatever the environment says
  std::string user_agent = "pveplan";
};

/// The one place where the program blocks: curl_multi_poll over curl's sockets and all descriptors
/// that somebody waits for.
class CurlPoller : public Poller {
 public:
  explicit CurlPoller(DescriptorWaits& waits);
  ~CurlPoller() override;
  CurlPoller(const CurlPoller&) = delete;
  CurlPoller& operator=(const CurlPoller&) = delete;

  bool poll(std::chrono::nanoseconds timeout) override;
  std::size_t resumes_a_turn() const override { return 8; }

 private:
  friend class CurlTransport;
  friend class CurlTransfer;
  void perform();
  void wait(std::chrono::nanoseconds timeout);

  DescriptorWaits& waits_;
  void* multi_;        ///< CURLM
  int transfers_ = 0;  ///< started and not destroyed
};

/// HTTP/1.1 over libcurl, by these rules:
/// - a write gets a fresh connection, since libcurl repeats a request by itself when a reused one
/// dies
///   before the first byte of the answer; reads reuse connections of at most 4 s of age (the server
///   closes idle ones after 5 s);
/// - `not_sent` exactly when libcurl never came to the point of sending;
/// - a pin is compared during the TLS handshake, before any byte of the request;
/// - no redirects, no proxy but the given one, no waiting for "100 Continue".
/// Timeouts start when a request has its connection slot. Dropping the task ends the request at
/// once.
class CurlTransport : public Transport {
 public:
  CurlTransport(CurlPoller& poller, CurlOptions options);
  Task<HttpReply> exchange(HttpRequest request) override;

 private:
  CurlPoller& poller_;
  CurlOptions options_;
  Limiter slots_;  ///< by scheme, host and port
};

}  // namespace pveplan::async
