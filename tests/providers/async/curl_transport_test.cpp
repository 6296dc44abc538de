#include "tests/providers/async/curl_fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr const char* kHungName = "hung.example";
std::atomic<bool> lookup_hangs = false;

}  // namespace

/// Stands before the system's own, for libcurl too: one name is never answered.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  while (name != nullptr && std::strcmp(name, kHungName) == 0) {
    lookup_hangs = true;
    ::pause();
  }
  using Lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto system_lookup = reinterpret_cast<Lookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return system_lookup(name, service, hints, found);
}

namespace pveplan::async {
namespace {

using namespace std::chrono_literals;
using Kind = ServerAction::Kind;

/// Answers the first request of each connection and ends the connection at the second one, as a
/// server does that closes an idle connection in the moment in which the client uses it again.
ServerAction dies_at_the_second(const SeenRequest& seen) {
  return seen.nth == 1 ? ServerAction::ok() : ServerAction(Kind::end);
}

/// A port that takes no further connection: its queue is full.
class FullPort {
 public:
  FullPort() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_.get(), generic, size) == 0);
    REQUIRE(::listen(listener_.get(), 0) == 0);
    ::getsockname(listener_.get(), generic, &size);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(waiting_.back().get(), generic, size);
    }
  }
  std::string url() const { return fmt::format("https://127.0.0.1:{}/", port_); }

 private:
  FileDescriptor listener_;
  std::vector<FileDescriptor> waiting_;
  int port_ = 0;
};

Task<std::vector<HttpReply>> send_all(Host& host, std::vector<HttpRequest> requests) {
  std::vector<Task<HttpReply>> tasks;
  for (HttpRequest& request : requests) tasks.push_back(host.transport.exchange(request));
  auto replies = co_await all_settled(std::move(tasks));
  co_return replies;
}

}  // namespace

TEST_CASE_METHOD(CurlFixture, "an answer arrives with its reason, headers and body") {
  TlsServer server(certificate, [](const SeenRequest&) {
    return ServerAction(Kind::answer,
                        "HTTP/1.1 595 No route to host\r\nX-Two:  words \r\nSet-Cookie: a\r\n"
                        "Set-Cookie: b\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n");
  });
  const HttpReply reply = get(server.url("/x?y=1"));
  CHECK(reply.delivery == Delivery::answered);
  CHECK(reply.status == 595);
  CHECK(reply.reason == "No route to host");
  CHECK(reply.header("x-two") == "words");
  CHECK(reply.header("set-cookie") == "a");
  CHECK(reply.headers.size() == 4);
  CHECK(reply.body == "body");
  CHECK(lines_of(server) == Lines{"GET /x?y=1"});
}

TEST_CASE_METHOD(CurlFixture, "every method sends what it was given, and nothing else") {
  TlsServer server(certificate, always_ok);
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    HttpRequest with_body = request(method, server.url("/form"));
    with_body.body = "a=1&b=2";
    with_body.headers.emplace_back("Authorization", "PVEAPIToken=u@r!t=secret");
    CHECK(send(with_body).status == 200);
    const SeenRequest seen = server.seen().back();
    CHECK(seen.line == std::string(method) + " /form HTTP/1.1");
    CHECK(seen.body == "a=1&b=2");
    CHECK(seen.head.find("\r\nauthorization: pveapitoken=u@r!t=secret\r\n") != std::string::npos);
  }
  CHECK(post(server.url("/empty")).status == 200);
  CHECK(server.seen().back().head.find("\r\ncontent-length: 0\r\n") != std::string::npos);
  CHECK(send(request("DELETE", server.url("/item"))).status == 200);
  CHECK(server.seen().back().head.find("content-length") == std::string::npos);
}

TEST_CASE_METHOD(CurlFixture, "a long body is sent without waiting for permission") {
  TlsServer server(certificate, always_ok);
  HttpRequest upload = request("POST", server.url("/upload"));
  upload.body.assign(3'000'000, 'x');
  CHECK(send(upload).status == 200);
  CHECK(server.seen().back().body.size() == 3'000'000);
  CHECK(server.seen().back().head.find("expect:") == std::string::npos);
}

TEST_CASE_METHOD(CurlFixture, "an interim answer leaves no headers behind") {
  TlsServer server(certificate, [](const SeenRequest&) {
    return ServerAction(Kind::answer, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" +
                                          ServerAction::ok("late").bytes);
  });
  const HttpReply reply = get(server.url("/"));
  CHECK(reply.status == 200);
  CHECK_FALSE(reply.header("x-early"));
  CHECK(reply.body == "late");
}

TEST_CASE_METHOD(CurlFixture, "a redirect is an answer like any other") {
  TlsServer server(certificate, [](const SeenRequest&) {
    return ServerAction(Kind::answer,
                        "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
  });
  CHECK(get(server.url("/here")).status == 302);
  CHECK(lines_of(server) == Lines{"GET /here"});
}

TEST_CASE_METHOD(CurlFixture, "a proxy in the environment is ignored") {
  setenv("https_proxy", "http://127.0.0.1:1", 1);
  TlsServer server(certificate, always_ok);
  CHECK(get(server.url("/")).status == 200);
  unsetenv("https_proxy");
}

TEST_CASE_METHOD(CurlFixture, "reads share a connection, each write gets its own") {
  TlsServer server(certificate, always_ok);
  get(server.url("/1"));
  get(server.url("/2"));
  CHECK(server.connections() == 1);
  post(server.url("/3"));
  post(server.url("/4"));
  CHECK(server.connections() == 3);
}

TEST_CASE_METHOD(CurlFixture,
                 "a write is never repeated when a reused connection would have died") {
  TlsServer server(certificate, dies_at_the_second);
  get(server.url("/warm"));
  const HttpReply reply = post(server.url("/clone"));
  CHECK(reply.status == 200);
  CHECK(lines_of(server) == Lines{"GET /warm", "POST /clone"});
}

TEST_CASE_METHOD(CurlFixture, "libcurl repeats a request that is not marked as a write") {
  TlsServer server(certificate, dies_at_the_second);
  get(server.url("/warm"));
  HttpRequest unmarked = request("POST", server.url("/clone"));
  unmarked.writes = false;
  CHECK(send(unmarked).status == 200);
  CHECK(lines_of(server) == Lines{"GET /warm", "POST /clone", "POST /clone"});
}

TEST_CASE_METHOD(CurlFixture, "a write whose connection dies is unknown and was seen once") {
  const Kind kind = GENERATE(Kind::end, Kind::reset);
  TlsServer server(certificate, [kind](const SeenRequest&) { return ServerAction(kind); });
  const HttpReply reply = post(server.url("/clone"));
  CHECK(reply.delivery == Delivery::unknown);
  CHECK_FALSE(reply.error.empty());
  CHECK(reply.status == 0);
  CHECK(lines_of(server) == Lines{"POST /clone"});
}

TEST_CASE_METHOD(CurlFixture, "an answer that breaks off is no answer") {
  TlsServer server(certificate, [](const SeenRequest&) {
    return ServerAction(Kind::answer_and_end, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  const HttpReply reply = post(server.url("/clone"));
  CHECK(reply.delivery == Delivery::unknown);
  CHECK(reply.body.empty());
  CHECK(lines_of(server).size() == 1);
}

TEST_CASE_METHOD(CurlFixture, "an answer that does not come in time is unknown") {
  TlsServer server(certificate, [](const SeenRequest&) { return ServerAction(Kind::hang); });
  HttpRequest hurried = request("POST", server.url("/clone"));
  hurried.timeout = 200ms;
  const HttpReply reply = send(hurried);
  CHECK(reply.delivery == Delivery::unknown);
  CHECK(reply.error == "no answer within 200 ms");
  CHECK(lines_of(server).size() == 1);
}

TEST_CASE("an answer beyond the bound is unknown and not kept") {
  CurlOptions options;
  options.most_body_bytes = 1024 * 1024;
  CurlFixture fixture(options);
  TlsServer server(fixture.certificate, [](const SeenRequest&) {
    return ServerAction::ok(std::string(2 * 1024 * 1024, 'x'));
  });
  const HttpReply reply = fixture.get(server.url("/"));
  CHECK(reply.delivery == Delivery::unknown);
  CHECK(reply.error == "the answer is longer than 1 MiB");
}

TEST_CASE_METHOD(CurlFixture, "a request that never left is not_sent") {
  std::string url;
  SECTION("the port is closed") { url = TlsServer(certificate, always_ok).url("/"); }
  SECTION("the URL is none") { url = "https://"; }
  SECTION("the protocol is unknown") { url = "ftp://127.0.0.1/"; }
  const HttpReply reply = post(url);
  CHECK(reply.delivery == Delivery::not_sent);
  CHECK_FALSE(reply.error.empty());
}

TEST_CASE_METHOD(CurlFixture, "why there is no connection is told without the address") {
  const std::string closed = TlsServer(certificate, always_ok).url("/");
  CHECK(post(closed).error == "Connection refused");
  CHECK(post("https://nowhere.invalid/").error == "the name cannot be resolved");
}

TEST_CASE_METHOD(CurlFixture, "a connection that is reset before the handshake has sent nothing") {
  TlsServer server(certificate, always_ok);
  server.reset_new_connections();
  CHECK(post(server.url("/clone")).delivery == Delivery::not_sent);
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(CurlFixture, "a connection that is never made times out as not_sent") {
  const FullPort port;
  HttpRequest hurried = request("POST", port.url());
  hurried.connect_timeout = 200ms;
  CHECK(send(hurried).delivery == Delivery::not_sent);
}

TEST_CASE_METHOD(CurlFixture, "a request in a hung connect can be dropped at once") {
  const FullPort port;
  HttpRequest patient = request("POST", port.url());
  patient.connect_timeout = 24h;
  patient.timeout = 24h;
  auto dropped = with_timeout(host().transport.exchange(patient), 50ms);
  CHECK_FALSE(host().loop.run(std::move(dropped)));
  TlsServer server(certificate, always_ok);
  CHECK(get(server.url("/next")).status == 200);
}

TEST_CASE_METHOD(CurlFixture, "a request whose name lookup hangs can be dropped at once") {
  HttpRequest patient = request("POST", "https://" + std::string(kHungName) + "/");
  patient.connect_timeout = 24h;
  patient.timeout = 24h;
  auto dropped = with_timeout(host().transport.exchange(patient), 50ms);
  CHECK_FALSE(host().loop.run(std::move(dropped)));
  CHECK(lookup_hangs);
  TlsServer server(certificate, always_ok);
  CHECK(get(server.url("/next")).status == 200);
}

TEST_CASE_METHOD(CurlFixture, "a header cannot break out of its line") {
  TlsServer server(certificate, always_ok);
  HttpRequest bad = request("GET", server.url("/"));
  bad.headers.emplace_back("X-Bad", "a\r\nX-Injected: b");
  CHECK(send(bad).delivery == Delivery::not_sent);
  CHECK(server.seen().empty());
}

TEST_CASE_METHOD(CurlFixture, "forty requests to one host are sent four at a time") {
  const std::string method = GENERATE(as<std::string>(), "GET", "POST");
  std::barrier four(4);
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  TlsServer server(certificate, [&](const SeenRequest&) {
    most = std::max<int>(most, ++now);
    four.arrive_and_wait();
    --now;
    return ServerAction::ok();
  });
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 40; ++i) requests.push_back(request(method, server.url("/x")));
  const auto replies = host().loop.run(send_all(host(), std::move(requests)));
  std::size_t good = 0;
  for (const HttpReply& reply : replies) good += reply.status == 200 ? 1 : 0;
  CHECK(good == 40);
  CHECK(server.seen().size() == 40);
  CHECK(most == 4);
}

}  // namespace pveplan::async
