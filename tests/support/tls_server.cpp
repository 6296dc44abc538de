#include "tests/support/tls_server.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace pveplan::sim {

/// A socket with its TLS layer and what was read ahead.
class TlsServer::Connection {
 public:
  Connection(SSL_CTX* context, int socket) : socket_(socket), tls_(SSL_new(context)) {
    SSL_set_fd(tls_, socket);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { SSL_free(tls_); }

  bool handshake() { return SSL_accept(tls_) == 1; }
  bool resumed() const { return SSL_session_reused(tls_) == 1; }

  bool read_request(SeenRequest& request) {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) return false;
    }
    request.line = buffer_.substr(0, buffer_.find("\r\n"));
    request.head = buffer_.substr(0, end + 2);
    std::transform(request.head.begin(), request.head.end(), request.head.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    read_headers(request, end + 2);
    buffer_.erase(0, end + 4);
    const auto length = request.head.find("content-length: ");
    const std::size_t size =
        length == std::string::npos ? 0 : std::stoul(request.head.substr(length + 16));
    while (buffer_.size() < size) {
      if (!read_more()) return false;
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return true;
  }

  void write(const std::string& bytes) {
    if (!bytes.empty()) SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
  }
  void shutdown() { SSL_shutdown(tls_); }
  int socket() const { return socket_; }

 private:
  /// From the buffer, whose head ends at `end`.
  void read_headers(SeenRequest& request, std::size_t end) const {
    for (auto at = request.line.size() + 2; at < end;) {
      const auto line = buffer_.substr(at, buffer_.find("\r\n", at) - at);
      const auto colon = line.find(": ");
      request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
      at += line.size() + 2;
    }
  }

  bool read_more() {
    std::array<char, 16 * 1024> bytes;
    const int size = SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()));
    if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return size > 0;
  }

  int socket_;
  SSL* tls_;
  std::string buffer_;
};

namespace {

void make_reset_on_close(int socket) {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

ServerAction ServerAction::ok(const std::string& body) {
  return ServerAction(Kind::answer, fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                                "Content-Length: {}\r\n\r\n{}",
                                                body.size(), body));
}

TlsServer::TlsServer(const TestCertificate& certificate, Handler handler)
    : handler_(std::move(handler)) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, static_cast<X509*>(certificate.certificate_));
  SSL_CTX_use_PrivateKey(context, static_cast<EVP_PKEY*>(certificate.key_));
  context_ = context;
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  ::getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TlsServer::~TlsServer() {
  ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

void TlsServer::admit_only(const TestCertificate& client) {
  auto* context = static_cast<SSL_CTX*>(context_);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), static_cast<X509*>(client.certificate_));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::string TlsServer::url(const std::string& path) const {
  return fmt::format("https://127.0.0.1:{}{}", port_, path);
}

std::vector<SeenRequest> TlsServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void TlsServer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      if (ending_) return;
      continue;
    }
    const std::size_t number = ++connections_;
    if (reset_new_) {
      make_reset_on_close(socket);
      ::close(socket);
      continue;
    }
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

/// The socket itself is closed by the destructor: its number must not be used again before.
void TlsServer::serve(int socket, std::size_t number) {
  Connection connection(static_cast<SSL_CTX*>(context_), socket);
  if (connection.handshake()) {
    ++handshakes_;
    if (connection.resumed()) ++resumptions_;
    for (std::size_t nth = 1; serve_request(connection, number, nth);) ++nth;
  }
  ::shutdown(socket, SHUT_RDWR);
}

bool TlsServer::serve_request(Connection& connection, std::size_t number, std::size_t nth) {
  SeenRequest request;
  request.connection = number;
  request.nth = nth;
  if (!connection.read_request(request)) return false;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(request);
  }
  const ServerAction action = handler_(request);
  connection.write(action.bytes);
  switch (action.kind) {
    case ServerAction::Kind::answer:
      return true;
    case ServerAction::Kind::answer_and_end:
      connection.shutdown();
      return false;
    case ServerAction::Kind::end:
      return false;
    case ServerAction::Kind::reset: {
      make_reset_on_close(connection.socket());
      // Closing is left to the destructor; this is the way to send a reset before.
      sockaddr nobody{};
      nobody.sa_family = AF_UNSPEC;
      ::connect(connection.socket(), &nobody, sizeof nobody);
      return false;
    }
    case ServerAction::Kind::hang: {
      char byte = 0;
      while (!ending_ && ::recv(connection.socket(), &byte, 1, 0) > 0) {
      }
      return false;
    }
  }
  return false;
}

}  // namespace pveplan::sim
