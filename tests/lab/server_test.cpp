#include "tests/lab/child_lab.hpp"
#include "tests/lab/tls_client.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>

using namespace pveplan::lab;
using pveplan::lab::testing::ChildLab;
using pveplan::lab::testing::TlsClient;

namespace {

std::string request(const std::string& line, const std::string& token,
                    const std::string& body = {}) {
  const std::string length =
      body.empty() ? std::string() : fmt::format("Content-Length: {}\r\n", body.size());
  return fmt::format("{} HTTP/1.1\r\nHost: lab\r\nAuthorization: PVEAPIToken={}\r\n{}\r\n{}", line,
                     token, length, body);
}

std::string status_line(const std::string& head) { return head.substr(0, head.find("\r\n")); }

/// The moment of an answer's Date header.
std::time_t date_of(const std::string& head) {
  const auto at = head.find("Date: ");
  REQUIRE(at != std::string::npos);
  std::tm parts{};
  REQUIRE(::strptime(head.c_str() + at + 6, "%a, %d %b %Y %H:%M:%S GMT", &parts) != nullptr);
  return ::timegm(&parts);
}

}  // namespace

TEST_CASE("the server shows the certificate that lab init announced", "[lab]") {
  ChildLab lab;
  lab.serve();
  CHECK(TlsClient(lab.port).fingerprint() == lab.fingerprint);
  const auto mode = std::filesystem::status(lab.world_folder() + "/key.pem").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(lab.stop() == 0);
}

TEST_CASE("every node listens on an address of its own", "[lab]") {
  ChildLab lab({"--nodes", "2"});
  lab.serve();
  TlsClient second(lab.port, "127.0.0.2");
  second.send(request("GET /api2/json/version", lab.token));
  CHECK(status_line(second.answer()) == "HTTP/1.1 200 OK");
  CHECK(second.body.find("\"release\":\"9.2\"") != std::string::npos);
}

TEST_CASE("a wrong token is answered three seconds of lab time later, then closed", "[lab]") {
  ChildLab lab;
  lab.serve();
  TlsClient client(lab.port);
  client.send(request("GET /api2/json/version", lab.token));
  const std::string good = client.answer();
  client.send(request("GET /api2/json/version", "root@pam!pveplan=wrong"));
  const std::string refused = client.answer();
  CHECK(status_line(refused) == "HTTP/1.1 401 Authentication failed!");
  CHECK(date_of(refused) - date_of(good) >= 3);
  CHECK(client.is_closed());
}

TEST_CASE("a connection serves a hundred requests", "[lab]") {
  ChildLab lab;
  lab.serve("1");
  TlsClient client(lab.port);
  for (int i = 1; i <= 100; ++i) {
    client.send(request("GET /api2/json/version", lab.token));
    const std::string head = client.answer();
    REQUIRE(status_line(head) == "HTTP/1.1 200 OK");
    CHECK((head.find("Connection: close") != std::string::npos) == (i == 100));
  }
  CHECK(client.is_closed());
}

TEST_CASE("odd methods and large bodies get the words of the real server", "[lab]") {
  ChildLab lab;
  lab.serve();
  TlsClient head(lab.port);
  head.send(request("HEAD /api2/json/version", lab.token));
  CHECK(status_line(head.answer()) == "HTTP/1.1 501 method 'HEAD' not available");
  CHECK(head.is_closed());
  TlsClient large(lab.port);
  large.send(
      "POST /api2/json/pools HTTP/1.1\r\nHost: lab\r\nContent-Length: 600000\r\n\r\npoolid=x");
  CHECK(status_line(large.answer()) == "HTTP/1.1 501 for data too large");
}

TEST_CASE("the world survives the server's end, and lab reset undoes all of it", "[lab]") {
  ChildLab lab;
  lab.serve();
  TlsClient client(lab.port);
  client.send(request("POST /api2/json/pools", lab.token, "poolid=kept"));
  CHECK(status_line(client.answer()) == "HTTP/1.1 200 OK");
  CHECK(lab.run({"lab", "reset"}).exit_code == 1);
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 1);
  lab.change_world([](World& world) { CHECK(world.access.pools.contains("kept")); });
  CHECK(lab.run({"lab", "init"}).exit_code == 1);
  CHECK(lab.run({"lab", "reset"}).exit_code == 0);
  lab.change_world([](World& world) { CHECK(world.access.pools.empty()); });
}

TEST_CASE("a fault before the effect closes the connection and changes nothing", "[lab]") {
  ChildLab lab;
  lab.change_world([](World& world) {
    Fault lost;
    lost.kind = FaultKind::close_before_effect;
    world.faults.push_back(lost);
  });
  lab.serve();
  TlsClient client(lab.port);
  client.send(request("POST /api2/json/pools", lab.token, "poolid=x"));
  CHECK(client.is_closed());
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 1);
  lab.change_world([](World& world) { CHECK(world.access.pools.empty()); });
}

TEST_CASE("anybody with a token may read which authority the cluster has", "[lab]") {
  ChildLab lab;
  std::string nobody, authority;
  lab.change_world([&](World& world) {
    nobody = "nobody@pve!none=" + world.access.users["nobody@pve"].tokens["none"].secret;
    authority = world.cluster.root_ca_fingerprint;
  });
  lab.serve();
  TlsClient client(lab.port, "127.0.0.3");
  client.send(request("GET /api2/json/nodes/pve1/certificates/info", nobody));
  CHECK(status_line(client.answer()) == "HTTP/1.1 200 OK");
  CHECK(client.body.find("pve-root-ca.pem") != std::string::npos);
  CHECK(client.body.find(authority) != std::string::npos);
  CHECK(client.body.find(lab.fingerprint) != std::string::npos);
}
