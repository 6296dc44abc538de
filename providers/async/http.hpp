#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::async {

/// How a server proves who it is. Exactly one way is in force; `insecure` only on the user's word.
struct TlsTrust {
  std::string ca_file;  ///< PEM file; empty = the system's store
  std::string ca_pem;   ///< certificates themselves, instead of a file
  std::vector<std::string>
      fingerprints;  ///< SHA-256 of the DER certificate, "AA:BB:…"; any may match
  bool insecure = false;
};

/// One request. A class with a constructor, so that it may be a coroutine parameter (g++ 12).
class HttpRequest {
 public:
  HttpRequest() {}
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Writes get a connection of their own and are never repeated by the transport.
  bool writes = false;
  TlsTrust trust;
  /// PEM texts with which the client proves who it is; both or neither.
  std::string client_certificate, client_key;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};  ///< from start to last byte
  /// For traces and messages: the request without anything secret.
  std::string label;
};

/// What became of a request.
enum class Delivery {
  answered,  ///< a complete answer arrived
  not_sent,  ///< no byte of the request left: may be repeated without looking
  unknown,   ///< sent, but no complete answer: it may have had its effect
};

class HttpReply {
 public:
  HttpReply() {}
  Delivery delivery = Delivery::not_sent;
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string error;  ///< why there is no answer, in the transport's words
  /// The fingerprint that the server showed, when it was not the pinned one.
  std::string seen_fingerprint;

  /// First header of that lower-case name.
  std::optional<std::string> header(const std::string& name) const;
};

}  // namespace pveplan::async
