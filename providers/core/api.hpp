#pragma once

#include "providers/async/task.hpp"
#include "schema/diagnostic.hpp"
#include "schema/value.hpp"

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::core {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// One call of the Proxmox API, before encoding. Paths start below `/api2/json` and hold
/// percent-encoded segments where needed.
class ApiRequest {
 public:
  ApiRequest(std::string method_, std::string path_, Parameters parameters_ = {})
      : method(std::move(method_)), path(std::move(path_)), parameters(std::move(parameters_)) {}
  std::string method;
  std::string path;
  Parameters parameters;
};

/// What kind of failure an answer is. The API answers every plain failure with 500, so these are
/// told apart by text (FACTS 22).
enum class ApiFailure {
  not_sent,         ///< no byte left: safe to repeat
  untrusted,        ///< the server showed another certificate: nothing was sent
  unknown_outcome,  ///< sent, but no answer: look before anything is repeated
  unauthorized,     ///< 401: stop at once, each attempt costs 3 s
  forbidden,        ///< 403
  bad_parameter,    ///< 400
  absent,           ///< the object does not exist there
  taken,            ///< the chosen key exists already
  lock_timeout,     ///< `got timeout`: back off and repeat
  guest_locked,     ///< `VM is locked (…)`: wait for the owning task
  digest_mismatch,  ///< somebody else changed it
  no_quorum,
  node_unreachable,  ///< 595, 596 before the call ran
  storage_offline,
  other,
};

class ApiError {
 public:
  ApiFailure failure = ApiFailure::other;
  int status = 0;
  std::string message;  ///< the server's words, secrets removed
  std::vector<std::pair<std::string, std::string>> parameters;  ///< faults by parameter
  std::string request;                                          ///< "POST /pools": method and path
  std::string server_time;

  /// The message without the full stop, or its like, at its end: to stand inside of a sentence.
  std::string words() const;
  /// As a diagnostic: what was tried, what the server said, what to do.
  schema::Diagnostic diagnostic() const;
};

class ApiAnswer {
 public:
  ApiAnswer() {}
  schema::Value data;
  schema::Value rest;       ///< members beside `data`: total, changes
  std::string server_time;  ///< RFC 3339 from the answer's Date header
};

using ApiResult = std::expected<ApiAnswer, ApiError>;

/// The API behind a transport. Reads are repeated on other endpoints by the client; `send` delivers
/// a write at most once.
class Api {
 public:
  virtual ~Api() = default;
  virtual async::Task<ApiResult> get(std::string path, Parameters query) = 0;
  virtual async::Task<ApiResult> send(ApiRequest request) = 0;
  /// RFC 3339, from the last answer; empty before the first one.
  virtual std::string server_time() const = 0;
  /// Calls made so far.
  virtual std::uint64_t reads() const = 0;
  virtual std::uint64_t writes() const = 0;
};

}  // namespace pveplan::core
