#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pveplan::sim {

/// A certificate for one name or address, signed by itself.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& subject_alternative = "IP:127.0.0.1");
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string fingerprint() const;  ///< "AB:12:…", SHA-256
  std::string pem() const;
  std::string key_pem() const;

 private:
  friend class TlsServer;
  void* key_;          ///< EVP_PKEY
  void* certificate_;  ///< X509
};

/// One request as the server saw it.
class SeenRequest {
 public:
  SeenRequest() {}
  std::size_t connection = 0;  ///< the first one is 1
  std::size_t nth = 0;         ///< on this connection, the first one is 1
  std::string line;            ///< "POST /path HTTP/1.1"
  std::string head;            ///< all headers, in lower case
  std::vector<std::pair<std::string, std::string>> headers;  ///< as they came
  std::string body;
};

/// What the server does with a request.
class ServerAction {
 public:
  enum class Kind {
    answer,          ///< `bytes`, then the next request on this connection
    answer_and_end,  ///< `bytes`, then close
    end,             ///< close without an answer
    reset,           ///< the same with a TCP reset
    hang,            ///< neither answer nor close until the server goes
  };
  ServerAction(Kind what, std::string answer = "") : kind(what), bytes(std::move(answer)) {}
  Kind kind;
  std::string bytes;

  /// An answer with a length and the usual headers.
  static ServerAction ok(const std::string& body = "ok");
};

/// A small HTTPS server on a port of 127.0.0.1 that the kernel chooses: one thread a connection.
/// Only what tests of the transport need.
class TlsServer {
 public:
  using Handler = std::function<ServerAction(const SeenRequest&)>;
  TlsServer(const TestCertificate& certificate, Handler handler);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// From now on only whoever shows this certificate gets through the handshake.
  void admit_only(const TestCertificate& client);

  std::string url(const std::string& path) const;
  /// Connections are reset right after they were accepted, before any handshake.
  void reset_new_connections() { reset_new_ = true; }

  std::vector<SeenRequest> seen() const;
  std::size_t connections() const { return connections_; }
  std::size_t handshakes() const { return handshakes_; }
  /// Handshakes that went on with an earlier session, without a certificate.
  std::size_t resumptions() const { return resumptions_; }

 private:
  class Connection;
  void accept_all();
  void serve(int socket, std::size_t number);
  bool serve_request(Connection& connection, std::size_t number, std::size_t nth);

  Handler handler_;
  void* context_;  ///< SSL_CTX
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> reset_new_ = false;
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<std::size_t> handshakes_ = 0;
  std::atomic<std::size_t> resumptions_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace pveplan::sim
