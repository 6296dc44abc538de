#include "engine/cli/secret_vault.hpp"

#include "engine/cli/workspace.hpp"

#include <crypt.h>
#include <memory>
#include <stdexcept>

namespace pveplan::cli {

using schema::Path;

async::Task<schema::Result<std::string>> SecretVault::fetch(std::string address, std::string path) {
  const auto parsed = schema::parse_address(address);
  const auto* resource = parsed ? topology_.find(*parsed) : nullptr;
  const auto place = Path::parse(path);
  auto source = resource == nullptr ? std::nullopt
                                    : schema::secret_source(resource->attributes.find(place),
                                                            resource->span_of(place));
  if (!source) {
    co_return std::unexpected(
        schema::error("Secret not available",
                      address + "." + path + " names no secret in this topology any more."));
  }
  auto text = co_await fetch_secret(host_, std::move(*source));
  co_return text;
}

async::Task<schema::Result<void>> SecretVault::load_key() {
  if (key_) co_return schema::Result<void>();
  schema::Result<state::SecretKey> key = std::unexpected(schema::Diagnostic());
  if (topology_.secret_key) {
    key = co_await fetch_secret_key(host_, *topology_.secret_key);
  } else {
    key = users_secret_key(host_);
  }
  if (!key) co_return std::unexpected(key.error());
  key_ = std::move(*key);
  co_return schema::Result<void>();
}

async::Task<schema::Result<std::string>> SecretVault::digest(std::string address,
                                                             std::string path) {
  auto loaded = co_await load_key();
  if (!loaded) co_return std::unexpected(loaded.error());
  auto text = co_await fetch(std::move(address), std::move(path));
  if (!text) co_return std::unexpected(text.error());
  co_return key_->digest(*text);
}

async::Task<schema::Result<engine::SecretDigest>> SecretVault::digests() {
  auto loaded = co_await load_key();
  if (!loaded) co_return std::unexpected(loaded.error());
  const auto key = *key_;
  co_return engine::SecretDigest([key](const std::string& secret) { return key.digest(secret); });
}

async::Task<schema::Result<std::string>> SecretVault::text(std::string address, std::string path) {
  auto loaded = co_await load_key();
  if (!loaded) co_return std::unexpected(loaded.error());
  auto text = co_await fetch(std::move(address), std::move(path));
  if (!text) co_return std::unexpected(text.error());
  co_return crypt_password(*text, key_->digest(*text));
}

std::string crypt_password(const std::string& password, const std::string& digest) {
  if (password.starts_with("$")) return password;  // crypted already
  const auto setting = "$6$" + digest.substr(0, 16) + "$";
  const auto data = std::make_unique<crypt_data>();
  const char* crypted = crypt_r(password.c_str(), setting.c_str(), data.get());
  if (crypted == nullptr || crypted[0] == '*')
    throw std::runtime_error("this system's crypt(3) knows no SHA-512");
  return crypted;
}

}  // namespace pveplan::cli
