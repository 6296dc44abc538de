#pragma once

#include "providers/async/all_settled.hpp"
#include "providers/async/real_host.hpp"
#include "providers/async/sleep.hpp"
#include "tests/support/tls_server.hpp"

#include <string>
#include <vector>

namespace pveplan::async {

using sim::SeenRequest;
using sim::ServerAction;
using sim::TestCertificate;
using sim::TlsServer;

inline ServerAction always_ok(const SeenRequest&) { return ServerAction::ok(); }

/// A real host, and requests to a test server that its certificate's fingerprint vouches for.
class CurlFixture {
 public:
  CurlFixture() = default;
  explicit CurlFixture(CurlOptions options) : real(std::move(options)) {}

  HttpRequest request(const std::string& method, const std::string& url) const {
    HttpRequest result;
    result.method = method;
    result.url = url;
    result.writes = method != "GET" && method != "HEAD";
    result.trust.fingerprints.push_back(certificate.fingerprint());
    return result;
  }
  HttpReply send(HttpRequest to_send) {
    return host().loop.run(host().transport.exchange(std::move(to_send)));
  }
  HttpReply get(const std::string& url) { return send(request("GET", url)); }
  HttpReply post(const std::string& url) { return send(request("POST", url)); }
  Host& host() { return real.host(); }

  TestCertificate certificate;
  RealHost real;
};

/// "POST /path" of every request that the server saw.
inline std::vector<std::string> lines_of(const TlsServer& server) {
  std::vector<std::string> lines;
  for (const SeenRequest& seen : server.seen()) {
    lines.push_back(seen.line.substr(0, seen.line.rfind(' ')));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace pveplan::async
