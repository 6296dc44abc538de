#pragma once

#include "tests/support/catch.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace pveplan::lab::testing {

/// Sends bytes to a port of loopback and gives all that comes back until the server closes.
inline std::string plain_exchange(std::uint16_t port, const std::string& bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
  REQUIRE(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes));
  ::shutdown(socket, SHUT_WR);
  std::string answer;
  std::array<char, 16 * 1024> piece;
  for (ssize_t size = 0; (size = ::recv(socket, piece.data(), piece.size(), 0)) > 0;)
    answer.append(piece.data(), static_cast<std::size_t>(size));
  ::close(socket);
  return answer;
}

}  // namespace pveplan::lab::testing
