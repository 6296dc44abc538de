#pragma once

#include "providers/async/http.hpp"

#include <string>
#include <vector>

struct ssl_ctx_st;
struct x509_store_ctx_st;

namespace pveplan::async {

/// "ab12…" or "AB:12:…" as "AB:12:…"; empty when it is not a SHA-256 fingerprint.
std::string canonical_fingerprint(const std::string& text);

/// Checks a server's certificate during the handshake. Must outlive the handshakes of the contexts
/// to which it is attached.
class TlsVerification {
 public:
  explicit TlsVerification(const TlsTrust& trust);

  /// Takes over the decision about certificates of this context.
  void attach(ssl_ctx_st* context);

  bool pinned() const { return !pins_.empty(); }
  /// A name for this set of pins: connections and sessions may be shared among equal names only.
  std::string pin_name() const;
  /// SHA-256 of the DER form of the certificate that the server showed.
  const std::string& shown() const { return shown_; }
  /// The sentence about a certificate that was refused; empty when none was.
  std::string refusal() const;

 private:
  static int decide(x509_store_ctx_st* store, void* self);
  int decide(x509_store_ctx_st* store);

  std::vector<std::string> pins_;  ///< canonical; one that cannot be read stays and never matches
  bool check_chain_;
  std::string shown_;
  bool refused_ = false;
};

}  // namespace pveplan::async
