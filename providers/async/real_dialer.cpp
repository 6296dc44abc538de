#include "providers/async/real_dialer.hpp"

#include "providers/async/sleep.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pveplan::async {
namespace {

constexpr std::size_t kLongestGreeting = 1024;

/// A socket address of either family; a length of 0 for what is no address in numbers.
class SocketAddress {
 public:
  SocketAddress(const std::string& text, int port) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage_);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage_);
    const auto network_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = network_port;
      length_ = sizeof(sockaddr_in);
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = network_port;
      length_ = sizeof(sockaddr_in6);
    }
  }
  bool valid() const { return length_ > 0; }
  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

std::unexpected<std::string> failed(int code) {
  return std::unexpected(std::string(std::strerror(code)));
}
std::unexpected<std::string> no_answer() { return std::unexpected(std::string("no answer")); }

}  // namespace

Task<std::expected<FileDescriptor, std::string>> RealDialer::open(std::string address, int port) {
  const SocketAddress peer(address, port);
  if (!peer.valid()) co_return std::unexpected("'" + address + "' is no IP address");
  FileDescriptor socket(
      ::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.get() < 0) co_return failed(errno);
  if (::connect(socket.get(), peer.get(), peer.length()) != 0) {
    if (errno != EINPROGRESS) co_return failed(errno);
    co_await waits_.writable(socket.get());
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) co_return failed(problem);
  }
  co_return std::move(socket);
}

Task<Greeting> RealDialer::hear(std::string address, int port) {
  const auto socket = co_await open(std::move(address), port);
  if (!socket) co_return std::unexpected(socket.error());
  std::string text;
  while (text.find('\n') == std::string::npos && text.size() < kLongestGreeting) {
    co_await waits_.readable(socket->get());
    std::array<char, 256> buffer{};
    const auto count = ::read(socket->get(), buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0 && errno != EAGAIN && errno != EINTR) co_return failed(errno);
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  auto line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty()) co_return std::unexpected(std::string("it accepted and said nothing"));
  co_return line;
}

Task<Greeting> RealDialer::greeting(std::string address, int port,
                                    std::chrono::milliseconds patience) {
  auto answer = co_await with_timeout(hear(std::move(address), port), patience);
  if (!answer) co_return no_answer();
  co_return std::move(*answer);
}

Task<std::expected<void, std::string>> RealDialer::connect(std::string address, int port,
                                                           std::chrono::milliseconds patience) {
  const auto socket = co_await with_timeout(open(std::move(address), port), patience);
  if (!socket) co_return no_answer();
  if (!*socket) co_return std::unexpected(socket->error());
  co_return std::expected<void, std::string>();
}

}  // namespace pveplan::async
