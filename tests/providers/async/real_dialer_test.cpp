// Greetings of servers on loopback.
#include "providers/async/real_host.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace pveplan::async {
namespace {

using namespace std::chrono_literals;

/// Listens on a free port of 127.0.0.1 and says something to the first who comes.
class Speaker {
 public:
  explicit Speaker(std::string words)
      : words_(std::move(words)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_.get(), raw, size) == 0);
    REQUIRE(::getsockname(listener_.get(), raw, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Speaker() {
    if (thread_.joinable()) thread_.join();
  }
  int port() const { return port_; }
  void open() { REQUIRE(::listen(listener_.get(), 1) == 0); }
  void speak() {
    open();
    thread_ = std::thread([this] {
      const FileDescriptor peer(::accept(listener_.get(), nullptr, nullptr));
      for (const char each : words_) {
        if (::send(peer.get(), &each, 1, MSG_NOSIGNAL) != 1) return;
      }
    });
  }

 private:
  std::string words_;
  FileDescriptor listener_;
  int port_ = 0;
  std::thread thread_;
};

Greeting hear(const std::string& address, int port, std::chrono::milliseconds patience = 10s) {
  RealHost host;
  return host.host().loop.run(host.host().dialer.greeting(address, port, patience));
}

}  // namespace

TEST_CASE("the first line of a server is its greeting, however it arrives") {
  Speaker speaker("SSH-2.0-OpenSSH_9.2\r\nmore");
  speaker.speak();
  const auto heard = hear("127.0.0.1", speaker.port());
  REQUIRE(heard);
  CHECK(*heard == "SSH-2.0-OpenSSH_9.2");
}

TEST_CASE("why nothing is heard is told") {
  Speaker closed("");
  CHECK(hear("127.0.0.1", closed.port()) == Greeting(std::unexpect, "Connection refused"));
  Speaker mute("");
  mute.speak();
  CHECK(hear("127.0.0.1", mute.port()).error() == "it accepted and said nothing");
  Speaker silent("");
  silent.open();  // and never accepts
  CHECK(hear("127.0.0.1", silent.port(), 30ms).error() == "no answer");
  CHECK(hear("db.example.org", 22).error() == "'db.example.org' is no IP address");
}

TEST_CASE("a server that waits to be asked is reached all the same") {
  const auto reach = [](const std::string& address, int port, std::chrono::milliseconds patience) {
    RealHost host;
    return host.host().loop.run(host.host().dialer.connect(address, port, patience));
  };
  Speaker silent("");
  CHECK(reach("127.0.0.1", silent.port(), 10s).error() == "Connection refused");
  silent.open();
  CHECK(reach("127.0.0.1", silent.port(), 10s));
  CHECK(reach("db.example.org", 22, 10s).error() == "'db.example.org' is no IP address");
}

TEST_CASE("a server that never ends its line is heard out only so far") {
  Speaker endless(std::string(5000, 'x'));
  endless.speak();
  const auto heard = hear("127.0.0.1", endless.port());
  REQUIRE(heard);
  CHECK(heard->size() >= 1024);
  CHECK(heard->size() < 5000);
}

}  // namespace pveplan::async
