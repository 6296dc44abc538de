#pragma once

#include <string>
#include <vector>

namespace pveplan::lab {

/// What a server shows its clients, as PEM texts.
struct ServerCertificate {
  std::string certificate;
  std::string key;  ///< secret: kept with mode 0600

  /// "AA:BB:…" of SHA-256; empty when `certificate` is no PEM text.
  std::string fingerprint() const;
};

/// A new self-signed certificate for nodes of these names, for localhost and for as many loopback
/// addresses as there are nodes. Valid for ten years from now. Throws when OpenSSL fails.
ServerCertificate make_server_certificate(const std::vector<std::string>& node_names);

}  // namespace pveplan::lab
