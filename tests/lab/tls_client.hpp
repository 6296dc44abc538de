#pragma once

#include "tests/support/catch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace pveplan::lab::testing {

/// One connection that a test reads byte by byte, to see what an HTTP library hides.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const char* address = "127.0.0.1")
      : context_(SSL_CTX_new(TLS_client_method())), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &place.sin_addr);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_);
    REQUIRE(SSL_connect(tls_) == 1);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
    ::close(socket_);
  }

  std::string fingerprint() const {
    X509* certificate = SSL_get1_peer_certificate(tls_);
    REQUIRE(certificate != nullptr);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    X509_free(certificate);
    return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
  }

  void send(const std::string& bytes) {
    REQUIRE(SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0);
  }

  /// Status line and header lines of the next answer; the body goes to `body`.
  std::string answer() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!read_more()) return buffer_;
    }
    const auto end = buffer_.find("\r\n\r\n") + 4;
    const std::string head = buffer_.substr(0, end);
    const auto length = head.find("Content-Length: ");
    const std::size_t size = length == std::string::npos ? 0 : std::stoul(head.substr(length + 16));
    while (buffer_.size() < end + size && read_more()) {
    }
    body = buffer_.substr(end, size);
    buffer_.erase(0, end + size);
    return head;
  }

  /// Whether the server has ended the connection; waits for its next word otherwise.
  bool is_closed() { return buffer_.empty() && !read_more(); }

  std::string body;

 private:
  bool read_more() {
    std::array<char, 16 * 1024> bytes;
    const int size = SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()));
    if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return size > 0;
  }

  SSL_CTX* context_;
  int socket_;
  SSL* tls_ = nullptr;
  std::string buffer_;
};

}  // namespace pveplan::lab::testing
