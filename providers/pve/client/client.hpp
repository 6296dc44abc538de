#pragma once

#include "providers/async/host.hpp"
#include "providers/async/limiter.hpp"
#include "providers/core/api.hpp"
#include "providers/pve/client/redactor.hpp"
#include "providers/pve/client/silence.hpp"
#include "providers/pve/client/silence_watch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pveplan::pve {

/// Receives one line for each exchange of `--trace`. No line holds a secret.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void trace(std::string line) = 0;
};

class ClientOptions {
 public:
  ClientOptions() {}
  std::vector<std::string> endpoints;  ///< "https://pve1.lan:8006"; port 8006 where none is given
  std::string token;                   ///< "USER@REALM!TOKENID=SECRET"
  std::vector<std::string> secrets;    ///< texts that no trace and no message may hold
  async::TlsTrust trust;
  std::size_t connections = 6;  ///< requests in flight: what one node's API serves best
  std::chrono::milliseconds timeout{60'000};
  /// Waits between the rounds over all endpoints, while nobody answers.
  std::vector<std::chrono::milliseconds> repeat_after{
      std::chrono::milliseconds(500), std::chrono::milliseconds(1000),
      std::chrono::milliseconds(2000), std::chrono::milliseconds(4000)};
  TraceSink* trace = nullptr;
};

/// The Proxmox API over HTTPS. A read is repeated, on other endpoints too, until the bounded waits
/// are used up. A write is repeated only when no byte of it left. After a 401 nothing is sent any
/// more: each further attempt would cost 3 s and count against the account. While all endpoints are
/// silent for long, requests fail without waiting for each (class Silence).
class Client final : public core::Api {
 public:
  Client(async::Transport& transport, const async::Clock& clock, ClientOptions options);

  async::Task<core::ApiResult> get(std::string path, core::Parameters query) override;
  async::Task<core::ApiResult> send(core::ApiRequest request) override;
  std::string server_time() const override { return server_time_; }
  std::uint64_t reads() const override { return reads_; }
  std::uint64_t writes() const override { return writes_; }

  /// Who hears of servers that do not answer; null: nobody.
  void tell(SilenceSink* sink) { silence_watch_.tell(sink); }
  /// Without the token's secret and the other ones: for what the server says in answers.
  std::string clean(std::string text) const { return redactor_.clean(std::move(text)); }
  /// Whom the token belongs to: "root@pam!pveplan".
  const std::string& user() const { return user_; }

 private:
  async::Task<core::ApiResult> deliver(core::ApiRequest request);
  /// Asks the endpoints in turn, beginning with the one that answered last, until one answers.
  async::Task<core::ApiResult> one_round(core::ApiRequest request, SilenceWatch::Request* waiting);
  /// When a request that has waited so often between its rounds will have been repeated for the
  /// last time, if every round takes as long as the last one.
  std::chrono::nanoseconds last_round(std::size_t waits, std::chrono::nanoseconds round) const;
  async::HttpRequest to_http(const core::ApiRequest& request) const;
  core::ApiResult decode(const core::ApiRequest& request, const async::HttpReply& reply) const;
  core::ApiError no_answer(const core::ApiRequest& request, const async::HttpReply& reply,
                           const std::string& endpoint) const;
  /// Ours, and the secrets that the request carries.
  Redactor redactor_for(const core::ApiRequest& request) const;
  void trace(const core::ApiRequest& request, const async::HttpReply& reply,
             std::chrono::nanoseconds took) const;

  async::Transport& transport_;
  const async::Clock& clock_;
  ClientOptions options_;
  async::Limiter limiter_;
  Redactor redactor_;
  std::string user_;
  std::size_t endpoint_ = 0;  ///< the one that answered last
  std::optional<core::ApiError> refused_;
  Silence silence_;
  SilenceWatch silence_watch_;
  std::string server_time_;
  std::uint64_t reads_ = 0;
  std::uint64_t writes_ = 0;
};

}  // namespace pveplan::pve
