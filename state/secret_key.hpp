#pragma once

#include "providers/async/host.hpp"
#include "schema/diagnostic.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::state {

/// The key with which the state remembers secrets without holding them: it says whether a secret
/// has changed, and is of no use to whoever has the state alone. It lies outside of the state, by
/// default in the user's configuration folder.
class SecretKey {
 public:
  /// `$XDG_CONFIG_HOME/pveplan/secret.key`, else below `~/.config`; empty without a home folder.
  static std::string default_path(const async::Environment& environment);

  /// nullopt when there is no such file: then nobody can tell whether a secret has changed.
  static schema::Result<std::optional<SecretKey>> read(async::Files& files,
                                                       const std::string& path);
  /// Makes the file, mode 0600, where there is none.
  static schema::Result<SecretKey> read_or_make(async::Files& files, async::Random& random,
                                                const std::string& path);

  /// A key that somebody keeps elsewhere, at least 32 bytes.
  static schema::Result<SecretKey> from_bytes(std::string_view bytes);

  /// HMAC-SHA-256 as 64 hexadecimal digits.
  std::string digest(std::string_view secret) const;

 private:
  explicit SecretKey(std::string bytes) : bytes_(std::move(bytes)) {}
  static schema::Result<SecretKey> make(async::Files& files, async::Random& random,
                                        const std::string& path);
  std::string bytes_;
};

}  // namespace pveplan::state
