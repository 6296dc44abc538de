#include "lab/world/mirror.hpp"
#include "tests/lab/child_lab.hpp"
#include "tests/lab/plain_client.hpp"
#include "tests/lab/tls_client.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>

using namespace pveplan::lab;
using pveplan::lab::testing::ChildLab;
using pveplan::lab::testing::plain_exchange;
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

/// What gzip makes of it.
std::string unpacked(const ChildLab& lab, const std::string& bytes) {
  const std::string file = lab.folder.file("packed.gz");
  std::ofstream(file, std::ios::binary) << bytes;
  pveplan::sim::ChildProcess gzip({"/bin/gzip", "-dc", file}, lab.folder.path());
  return gzip.read_all();
}

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
  // Its mirror has the next port.
  CHECK(lab.run({"lab", "init", "--port", "65535"}).exit_code == 64);
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

TEST_CASE("large answers are packed for clients that ask for it", "[lab]") {
  ChildLab lab;
  lab.serve();
  TlsClient client(lab.port);
  const std::string plain = request("GET /api2/json/access/roles", lab.token);
  client.send(plain);
  CHECK(client.answer().find("Content-Encoding") == std::string::npos);
  const std::string whole = client.body;
  REQUIRE(whole.size() > 1024);
  std::string asking = plain;
  asking.insert(asking.find("Host:"), "Accept-Encoding: gzip, deflate\r\n");
  client.send(asking);
  CHECK(client.answer().find("Content-Encoding: gzip\r\n") != std::string::npos);
  CHECK(client.body.starts_with("\x1f\x8b"));
  CHECK(client.body.size() < whole.size());
  CHECK(unpacked(lab, client.body) == whole);
  asking.replace(asking.find("/access/roles"), 13, "/version");
  client.send(asking);
  CHECK(client.answer().find("Content-Encoding") == std::string::npos);
}

TEST_CASE("plain HTTP on the port of TLS is sent to https", "[lab]") {
  ChildLab lab;
  lab.serve();
  const std::string read =
      plain_exchange(lab.port, "GET /api2/json/version?a=b HTTP/1.1\r\nHost: h:1\r\n\r\n");
  CHECK(status_line(read) == "HTTP/1.1 301 Moved Permanently");
  CHECK(read.find("Location: https://h:1/api2/json/version?a=b\r\n") != std::string::npos);
  const std::string write = plain_exchange(
      lab.port, "POST /api2/json/pools HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n");
  CHECK(status_line(write) == "HTTP/1.1 308 Permanent Redirect");
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools") == 0);
}

TEST_CASE("a worker ends after a thousand requests and takes its connections along", "[lab]") {
  ChildLab lab;
  lab.serve("1");
  const auto answered = [&](TlsClient& client) {
    client.send(request("GET /api2/json/version", lab.token));
    return client.answer();
  };
  // Half a connection for each of the three workers; from then on they are used in turn.
  for (int worker = 0; worker < 3; ++worker) {
    TlsClient client(lab.port);
    for (int i = 0; i < 50; ++i) answered(client);
  }
  int short_lives = 0;
  for (int connection = 0; connection < 30; ++connection) {
    TlsClient client(lab.port);
    int requests = 1;
    while (answered(client).find("Connection: close") == std::string::npos) ++requests;
    if (requests == 50) ++short_lives;
    CHECK(client.is_closed());
  }
  CHECK(short_lives == 3);
}

TEST_CASE("the mirror serves its files, parts of them, and their sums", "[lab]") {
  ChildLab lab;
  lab.serve();
  const std::string path = "/images/debian-12-generic-amd64.qcow2";
  const std::string magic = plain_exchange(
      lab.mirror_port, "GET " + path + " HTTP/1.1\r\nHost: m\r\nRange: bytes=0-3\r\n\r\n");
  CHECK(status_line(magic) == "HTTP/1.1 206 Partial Content");
  CHECK(magic.ends_with("\r\n\r\nQFI\xfb"));
  const std::string whole =
      plain_exchange(lab.mirror_port, "GET " + path + " HTTP/1.1\r\nHost: m\r\n\r\n");
  const std::string bytes = whole.substr(whole.find("\r\n\r\n") + 4);
  CHECK(qcow2_virtual_size(bytes) == 3LL << 30);
  const std::string sums =
      plain_exchange(lab.mirror_port, "GET /images/SHA256SUMS HTTP/1.1\r\nHost: m\r\n\r\n");
  CHECK(sums.find(checksum_of(bytes, "sha256") + "  debian-12-generic-amd64.qcow2\n") !=
        std::string::npos);
  CHECK(plain_exchange(lab.mirror_port, "GET /none HTTP/1.1\r\nHost: m\r\n\r\n")
            .starts_with("HTTP/1.1 404 "));
  CHECK(plain_exchange(lab.mirror_port, "HEAD " + path + " HTTP/1.1\r\nHost: m\r\n\r\n")
            .ends_with("\r\n\r\n"));
}

TEST_CASE("an answer that is cut in the middle has had its effect", "[lab]") {
  ChildLab lab;
  lab.change_world([](World& world) {
    Fault cut;
    cut.kind = FaultKind::cut_answer;
    cut.method = "POST";
    world.faults.push_back(cut);
  });
  lab.serve();
  TlsClient client(lab.port);
  client.send(request("POST /api2/json/pools", lab.token, "poolid=x"));
  CHECK(client.answer().find("\"data\"") == std::string::npos);
  CHECK(lab.stop() == 0);
  lab.change_world([](World& world) { CHECK(world.access.pools.contains("x")); });
}

TEST_CASE("a file may be larger than any other body", "[lab]") {
  ChildLab lab({"--nodes", "1"});
  lab.serve();
  const std::string body =
      "--X\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n--X\r\n"
      "Content-Disposition: form-data; name=\"filename\"; filename=\"big.iso\"\r\n\r\n" +
      std::string(2'000'000, 'x') + "\r\n--X--\r\n";
  std::string text = request("POST /api2/json/nodes/pve/storage/local/upload", lab.token, body);
  text.insert(text.find("Host:"), "Content-Type: multipart/form-data; boundary=X\r\n");
  TlsClient client(lab.port);
  client.send(text);
  CHECK(status_line(client.answer()) == "HTTP/1.1 200 OK");
  CHECK(client.body.find("imgcopy") != std::string::npos);
}
