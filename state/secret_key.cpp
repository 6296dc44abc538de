#include "state/secret_key.hpp"

#include "state/store_place.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cerrno>

namespace pveplan::state {
namespace {

constexpr const char* kUnusable = "Secret key cannot be used";
constexpr std::size_t kShortest = 32;  ///< bytes of text

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string SecretKey::default_path(const async::Environment& environment) {
  const auto configured = environment.variable("XDG_CONFIG_HOME");
  if (configured && configured->starts_with('/')) return *configured + "/pveplan/secret.key";
  const auto home = environment.home_directory();
  return home.empty() ? std::string() : home + "/.config/pveplan/secret.key";
}

schema::Result<std::optional<SecretKey>> SecretKey::read(async::Files& files,
                                                         const std::string& path) {
  const auto text = files.read(path);
  if (!text) {
    if (text.error().code == ENOENT) return std::optional<SecretKey>();
    return std::unexpected(cannot(kUnusable, text.error()));
  }
  const auto bytes = without_line_end(*text);
  if (bytes.size() < kShortest) {
    return std::unexpected(schema::error(
        kUnusable, fmt::format("'{}' holds {} bytes, but a key has at least {}. Restore it from a "
                               "copy. After removing it a new one is made, and every secret counts "
                               "as changed once.",
                               path, bytes.size(), kShortest)));
  }
  return std::optional<SecretKey>(SecretKey(std::string(bytes)));
}

schema::Result<SecretKey> SecretKey::from_bytes(std::string_view bytes) {
  if (bytes.size() < kShortest) {
    return std::unexpected(schema::error(
        kUnusable, fmt::format("`secret_key` names a secret of {} bytes, but a key has at least {}.",
                               bytes.size(), kShortest)));
  }
  return SecretKey(std::string(bytes));
}

schema::Result<SecretKey> SecretKey::read_or_make(async::Files& files, async::Random& random,
                                                  const std::string& path) {
  if (path.empty()) {
    return std::unexpected(
        schema::error(kUnusable,
                      "There is no home folder to keep the key for secrets in. Name a file with "
                      "`secret_key` in the [pveplan] block."));
  }
  auto present = read(files, path);
  if (!present) return std::unexpected(present.error());
  if (*present) return std::move(**present);
  return make(files, random, path);
}

schema::Result<SecretKey> SecretKey::make(async::Files& files, async::Random& random,
                                          const std::string& path) {
  if (auto made = make_folder(files, path.substr(0, path.rfind('/'))); !made) {
    return std::unexpected(made.error());
  }
  const auto lock = files.try_lock(path + ".lock");
  if (!lock) return std::unexpected(cannot(kUnusable, lock.error()));
  if (*lock == nullptr) {
    return std::unexpected(
        schema::error(kUnusable, "Another process is making '" + path + "' now. Try again."));
  }
  auto present = read(files, path);  // again: another process may have been faster
  if (!present) return std::unexpected(present.error());
  if (*present) return std::move(**present);
  auto bytes = random.hex(32);
  if (auto written = replace_file(files, path, bytes + "\n"); !written) {
    return std::unexpected(written.error());
  }
  return SecretKey(std::move(bytes));
}

std::string SecretKey::digest(std::string_view secret) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), bytes_.data(), static_cast<int>(bytes_.size()),
       reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data(),
       &length);
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + length, ""));
}

}  // namespace pveplan::state
