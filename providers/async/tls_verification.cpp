#include "providers/async/tls_verification.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace pveplan::async {
namespace {

constexpr std::size_t kDigestSize = 32;

std::string fingerprint_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return "";
  return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
}

}  // namespace

std::string canonical_fingerprint(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == ':' || c == ' ') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return "";
    if (result.size() % 3 == 2) result += ':';
    result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return result.size() == 3 * kDigestSize - 1 ? result : "";
}

TlsVerification::TlsVerification(const TlsTrust& trust) : check_chain_(!trust.insecure) {
  for (const std::string& pin : trust.fingerprints) {
    const std::string canonical = canonical_fingerprint(pin);
    pins_.push_back(canonical.empty() ? pin : canonical);
  }
  std::sort(pins_.begin(), pins_.end());
}

void TlsVerification::attach(ssl_ctx_st* context) {
  SSL_CTX_set_cert_verify_callback(context, &TlsVerification::decide, this);
  // A later handshake on the same connection would ask an object that may be gone.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
}

std::string TlsVerification::pin_name() const { return fmt::format("{}", fmt::join(pins_, "+")); }

std::string TlsVerification::refusal() const {
  if (!refused_) return "";
  if (!pinned()) {
    return fmt::format("the server's certificate ({}) is not trusted", shown_);
  }
  return fmt::format("the server shows a certificate with the fingerprint {}, expected is {}",
                     shown_, fmt::join(pins_, " or "));
}

int TlsVerification::decide(x509_store_ctx_st* store, void* self) {
  return static_cast<TlsVerification*>(self)->decide(store);
}

int TlsVerification::decide(x509_store_ctx_st* store) {
  shown_ = fingerprint_of(X509_STORE_CTX_get0_cert(store));
  bool good = true;
  if (pinned()) {
    good = std::find(pins_.begin(), pins_.end(), shown_) != pins_.end();
    X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  } else if (check_chain_) {
    good = X509_verify_cert(store) == 1;
  }
  refused_ = !good;
  return good ? 1 : 0;
}

}  // namespace pveplan::async
