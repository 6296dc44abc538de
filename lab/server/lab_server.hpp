#pragma once

#include "lab/server/certificate.hpp"
#include "lab/world/store.hpp"
#include "lab/world/world.hpp"
#include "providers/async/host.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pveplan::lab {

struct ServerOptions {
  std::string folder;         ///< of the world
  std::uint16_t port = 8006;  ///< 0: any that is free on all addresses
  double speed = 1.0;         ///< how much faster than the wall clock lab time passes
  ServerCertificate certificate;
};

/// The lab over HTTPS on loopback: node K listens on 127.0.0.K, and the world's mirror over plain
/// HTTP on 127.0.0.1 with the next port. One thread runs everything; the
/// world is saved before a write is answered, and at the end.
class LabServer {
 public:
  /// `files` must outlive the server.
  LabServer(World world, async::Files& files, ServerOptions options);
  LabServer(const LabServer&) = delete;
  LabServer& operator=(const LabServer&) = delete;
  ~LabServer();

  /// Opens the listening sockets; from then on clients can connect.
  schema::Result<void> listen();
  std::uint16_t port() const;
  /// Where the world's mirror is served over plain HTTP, and what it has.
  std::uint16_t mirror_port() const;
  std::vector<std::string> mirror_urls() const;
  /// SIGINT and SIGTERM end run() from now on.
  void stop_at_signals();
  /// Serves until it is stopped or the world cannot be saved. Leaves `requests.json` in the folder:
  /// how often each method and path was called, and with which status it was answered.
  schema::Result<void> run();
  /// Ends run(); from any thread.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pveplan::lab
