#include "providers/pve/client/client.hpp"

#include "providers/async/sleep.hpp"
#include "tests/providers/pve/support/script.hpp"
#include "tests/providers/pve/support/virtual_time.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using namespace pveplan::pve::test;
using async::Delivery;
using core::ApiFailure;
using core::ApiRequest;

namespace {

constexpr auto kSecret = "8f14e45f-ceea-467f-a9a7-aaaaaaaaaaaa";

pve::ClientOptions options(std::vector<std::string> endpoints = {"https://pve1.lan:8006"}) {
  pve::ClientOptions result;
  result.endpoints = std::move(endpoints);
  result.token = std::string("root@pam!pveplan=") + kSecret;
  result.trust.fingerprints = {"AA:BB"};
  return result;
}

std::string header(const async::HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

class Lines final : public pve::TraceSink {
 public:
  void trace(std::string line) override { text += line + "\n"; }
  std::string text;
};

}  // namespace

TEST_CASE("a read puts its parameters into the query and a write into the form") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("GET", "/cluster/nextid?vmid=100").answer(R"({"data":"100"})");
  server.expect("POST", "/pools", "poolid=a/b comment=x=y");
  server.expect("DELETE", "/pools?poolid=a%2Fb");
  pve::Client client(server, time.clock, options());

  const auto read = time.run(client.get("/cluster/nextid", {{"vmid", "100"}}));
  CHECK(read->data.as_string() == "100");
  CHECK(
      time.run(client.send(ApiRequest("POST", "/pools", {{"poolid", "a/b"}, {"comment", "x=y"}}))));
  CHECK(time.run(client.send(ApiRequest("DELETE", "/pools", {{"poolid", "a/b"}}))));
  REQUIRE(server.faults() == "");

  CHECK(server.requests()[0].url == "https://pve1.lan:8006/api2/json/cluster/nextid?vmid=100");
  CHECK_FALSE(server.requests()[0].writes);
  CHECK(server.requests()[1].writes);
  CHECK(header(server.requests()[1], "Authorization") ==
        std::string("PVEAPIToken=root@pam!pveplan=") + kSecret);
  CHECK(server.requests()[2].body == "");
  CHECK(client.reads() == 1);
  CHECK(client.writes() == 2);
  CHECK(client.user() == "root@pam!pveplan");
}

TEST_CASE("members beside data, the server's time and parameter faults survive the envelope") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("GET", "/nodes/pve/network").answer(R"({"data":[],"changes":"+auto vmbr9"})").at(5);
  server.expect("POST", "/nodes/pve/qemu", "*")
      .fail(400, "Parameter verification failed.",
            R"({"data":null,"errors":{"vmid":"type check ('integer') failed"},)"
            R"("message":"Parameter verification failed.\n"})");
  pve::Client client(server, time.clock, options());

  const auto read = time.run(client.get("/nodes/pve/network", {}));
  CHECK(read->rest.find("changes")->as_string() == "+auto vmbr9");
  CHECK(read->server_time == "2026-01-01T00:00:05Z");
  CHECK(client.server_time() == "2026-01-01T00:00:05Z");

  const auto refused =
      time.run(client.send(ApiRequest("POST", "/nodes/pve/qemu", {{"vmid", "x"}})));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().failure == ApiFailure::bad_parameter);
  CHECK(refused.error().parameters.at(0).second == "type check ('integer') failed");
  CHECK(refused.error().diagnostic().detail ==
        "POST /nodes/pve/qemu failed with status 400: Parameter verification failed; "
        "vmid: type check ('integer') failed.");
  REQUIRE(server.faults() == "");
}

TEST_CASE("a body is read as JSON only when its type says so") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("GET", "/version").fail(501, "no such uri", "");
  server.expect("GET", "/version").fail(200, "OK", "<html>");
  server.expect("POST", "/pools", "*").fail(200, "OK", "");
  pve::Client client(server, time.clock, options());
  const auto first = time.run(client.get("/version", {}));
  CHECK(first.error().message == "no such uri");
  const auto second = time.run(client.get("/version", {}));
  CHECK(second.error().message ==
        "The answer is no JSON. Is this the address of a Proxmox VE API?");
  const auto broken = time.run(client.send({"POST", "/pools", {{"poolid", "x"}}}));
  CHECK(broken.error().failure == ApiFailure::unknown_outcome);
}

TEST_CASE("what never left is sent to the next endpoint, writes included") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("POST", "/pools", "*").lose(Delivery::not_sent, "connection refused");
  server.expect("POST", "/pools", "*");
  server.expect("GET", "/version").answer(R"({"data":{}})");
  pve::Client client(server, time.clock, options({"https://pve1.lan:8006", "pve2.lan/"}));
  CHECK(time.run(client.send(ApiRequest("POST", "/pools", {{"poolid", "a"}}))));
  CHECK(time.run(client.get("/version", {})));
  REQUIRE(server.faults() == "");
  CHECK(server.requests()[1].url == "https://pve2.lan:8006/api2/json/pools");
  // the endpoint that answered is asked first from then on
  CHECK(server.requests()[2].url.starts_with("https://pve2.lan:8006/"));
}

TEST_CASE("a write whose answer was lost is never sent again") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("POST", "/pools", "*").lose(Delivery::unknown, "connection reset");
  pve::Client client(server, time.clock, options({"https://a:8006", "https://b:8006"}));
  const auto lost = time.run(client.send(ApiRequest("POST", "/pools", {{"poolid", "a"}})));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().failure == ApiFailure::unknown_outcome);
  CHECK(lost.error().request == "POST /pools");
  REQUIRE(server.faults() == "");
}

TEST_CASE("a forwarding timeout leaves a write open and is repeated for a read") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("PUT", "/nodes/b/qemu/1/config", "*").fail(596, "Connection timed out");
  server.expect("GET", "/nodes/b/qemu/1/config").fail(596, "Connection timed out");
  server.expect("GET", "/nodes/b/qemu/1/config").lose(Delivery::unknown, "connection reset");
  server.expect("GET", "/nodes/b/qemu/1/config").answer(R"({"data":{}})");
  pve::Client client(server, time.clock, options());
  const auto write =
      time.run(client.send(ApiRequest("PUT", "/nodes/b/qemu/1/config", {{"a", "1"}})));
  CHECK(write.error().failure == ApiFailure::unknown_outcome);
  CHECK(time.run(client.get("/nodes/b/qemu/1/config", {})));
  REQUIRE(server.faults() == "");
}

TEST_CASE("reads give up after the bounded waits") {
  VirtualTime time;
  ScriptedServer server;
  for (int i = 0; i < 5; ++i) server.expect("GET", "/version").lose(Delivery::not_sent, "refused");
  pve::Client client(server, time.clock, options());
  const auto before = time.now();
  const auto result = time.run(client.get("/version", {}));
  CHECK(result.error().failure == ApiFailure::not_sent);
  CHECK(time.now() - before == std::chrono::milliseconds(7500));
  REQUIRE(server.faults() == "");
}

TEST_CASE("after a refused token nothing is sent any more") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("GET", "/version").fail(401, "Authentication failed!");
  pve::Client client(server, time.clock, options());
  const auto refused = time.run(client.get("/version", {}));
  CHECK(refused.error().failure == ApiFailure::unauthorized);
  CHECK(refused.error().diagnostic().detail ==
        "GET /version failed with status 401: Authentication failed. Check the token: its id, its "
        "secret, and that it has not expired.");
  CHECK(time.run(client.get("/cluster/resources", {})).error().failure == ApiFailure::unauthorized);
  REQUIRE(server.faults() == "");
}

TEST_CASE("another certificate than the pinned one stops at once and shows both fingerprints") {
  VirtualTime time;
  ScriptedServer server;
  server.expect("GET", "/version").pin_mismatch("CC:DD");
  pve::Client client(server, time.clock, options({"https://a:8006", "https://b:8006"}));
  const auto result = time.run(client.get("/version", {}));
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("CC:DD") != std::string::npos);
  CHECK(result.error().message.find("AA:BB") != std::string::npos);
  REQUIRE(server.faults() == "");
}

TEST_CASE("no secret reaches a trace, a label or a message") {
  VirtualTime time;
  ScriptedServer server;
  Lines lines;
  server.expect("PUT", "/nodes/pve/qemu/100/config", "*")
      .fail(500, "bad value 'hunter22'", R"({"data":null,"message":"bad value 'hunter22'\n"})");
  server.expect("GET", "/version").lose(Delivery::unknown, std::string("sent ") + kSecret);
  auto with_trace = options();
  with_trace.trace = &lines;
  with_trace.repeat_after.clear();
  pve::Client client(server, time.clock, with_trace);
  const auto write = time.run(client.send(ApiRequest(
      "PUT", "/nodes/pve/qemu/100/config", {{"cipassword", "hunter22"}, {"ciuser", "admin"}})));
  const auto read = time.run(client.get("/version", {}));
  const auto seen = lines.text + server.requests()[0].label + write.error().message +
                    write.error().diagnostic().detail + read.error().message;
  CHECK(seen.find("hunter22") == std::string::npos);
  CHECK(seen.find(kSecret) == std::string::npos);
  CHECK(lines.text.starts_with(
      "PUT /nodes/pve/qemu/100/config cipassword=(secret)&ciuser=admin -> 500 bad value"));
}

TEST_CASE("what was never answered is no refusal, and names the endpoint") {
  VirtualTime time;
  ScriptedServer server;
  auto once = options();
  once.repeat_after.clear();
  server.expect("GET", "/version").lose(Delivery::not_sent, "connection refused");
  server.expect("POST", "/pools", "*").lose(Delivery::unknown, "connection reset");
  server.expect("GET", "/nodes/b/status").fail(595, "No route to host");
  server.expect("GET", "/version").pin_mismatch("CC:DD");
  server.expect("GET", "/version").fail(500, "no");
  pve::Client client(server, time.clock, once);
  const auto refused = time.run(client.get("/version", {})).error().diagnostic();
  CHECK(refused.summary == "Cannot reach Proxmox");
  CHECK(refused.detail ==
        "GET /version failed: https://pve1.lan:8006: connection refused. Check the endpoint and "
        "the network.");
  const auto lost = time.run(client.send(ApiRequest("POST", "/pools", {{"poolid", "a"}})));
  CHECK(lost.error().diagnostic().summary == "No answer from Proxmox");
  const auto node = time.run(client.get("/nodes/b/status", {}));
  CHECK(node.error().diagnostic().summary == "Cannot reach the node");
  const auto stranger = time.run(client.get("/version", {}));
  CHECK(stranger.error().diagnostic().summary == "The server is not trusted");
  const auto said = time.run(client.get("/version", {}));
  CHECK(said.error().diagnostic().summary == "Proxmox refused the request");
  REQUIRE(server.faults() == "");
}

namespace {

/// Refuses every connection until it is switched on.
class DeadServer final : public async::Transport {
 public:
  async::Task<async::HttpReply> exchange(async::HttpRequest) override {
    ++asked;
    async::HttpReply reply;
    if (alive) {
      reply.delivery = Delivery::answered;
      reply.status = 200;
      reply.headers.emplace_back("content-type", "application/json");
      reply.body = R"({"data":null})";
    } else {
      reply.error = "connection refused";
    }
    co_return reply;
  }
  bool alive = false;
  int asked = 0;
};

}  // namespace

TEST_CASE("a server that has been silent for long is not waited for by each request anew") {
  VirtualTime time;
  DeadServer server;
  pve::Client client(server, time.clock, options());
  const auto ask = [&] { return time.run(client.get("/version", {})).has_value(); };
  const auto begun = time.now();
  while (time.now() - begun < std::chrono::minutes(2)) {
    CHECK_FALSE(ask());
    time.run(async::sleep_for(std::chrono::milliseconds(100)));
  }
  const auto before = time.now();
  const int asked = server.asked;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(ask());
  CHECK(time.now() == before);
  CHECK(server.asked <= asked + 1);
  server.alive = true;
  time.run(async::sleep_for(std::chrono::seconds(5)));
  CHECK(ask());
  CHECK(ask());
}
