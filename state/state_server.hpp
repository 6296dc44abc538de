#pragma once

#include "providers/async/host.hpp"
#include "schema/diagnostic.hpp"
#include "state/lock_info.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::state {

/// How a server that keeps states is spoken to; the names are those of the topology's keys.
class HttpOptions {
 public:
  HttpOptions() {}
  std::string address;  ///< http or https, without a user in it
  std::string update_method = "POST";
  std::string lock_address, unlock_address;  ///< both or neither
  std::string lock_method = "LOCK";
  std::string unlock_method = "UNLOCK";
  std::string username, password;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t retry_max = 2;
  std::chrono::milliseconds retry_wait_min{1'000};
  std::chrono::milliseconds retry_wait_max{30'000};
  async::TlsTrust trust;
  std::string client_certificate, client_key;  ///< PEM; both or neither
};

/// The protocol that the servers of GitLab, Gitea and others speak: a state is read with GET and
/// written whole, and a lock is a small JSON text that the server keeps. Requests are repeated
/// where the server may not have seen them or could not answer.
class StateServer {
 public:
  StateServer(async::Transport& transport, HttpOptions options)
      : transport_(transport), options_(std::move(options)) {}

  /// For messages: without what follows a question mark.
  std::string address() const;
  bool locks() const { return !options_.lock_address.empty(); }

  /// The state as it lies there; nullopt when there is none.
  async::Task<schema::Result<std::optional<std::string>>> get();
  /// Replaces it. `lock_id` is that of the lock that is held, or empty.
  async::Task<schema::Result<void>> put(std::string body, std::string lock_id);

  /// Takes the lock. Whoever holds it instead is returned; its members are empty where the server
  /// does not tell. A lock with the id of `info` is our own.
  async::Task<schema::Result<std::optional<LockInfo>>> lock(LockInfo info);
  /// Gives a lock back; `body` names it: all of its lock info, or only the id.
  async::Task<schema::Result<void>> unlock(std::string body, std::string id);

 private:
  /// The last answer, and whether an earlier attempt may have had its effect.
  class Answer {
   public:
    Answer() {}
    async::HttpReply reply;
    bool maybe_done_before = false;
  };
  async::Task<Answer> send(std::string method, std::string url, std::string body);
  async::HttpRequest request(const std::string& method, const std::string& url,
                             const std::string& body) const;

  async::Transport& transport_;
  HttpOptions options_;
};

}  // namespace pveplan::state
