#include "engine/cli/secret_vault.hpp"

#include "engine/cli/workspace.hpp"

#include <crypt.h>
#include <memory>
#include <stdexcept>

namespace pveplan::cli {

using schema::Path;
using schema::Value;

namespace {

schema::SecretSource source_of(const Value& value, schema::Span span) {
  schema::SecretSource source;
  source.span = span;
  if (const Value* name = value.find("env")) {
    source.name = name->as_string();
  } else if (const Value* file = value.find("file")) {
    source.kind = schema::SecretSource::Kind::file;
    source.name = file->as_string();
  } else if (const Value* command = value.find("command")) {
    source.kind = schema::SecretSource::Kind::command;
    for (const auto& word : command->as_list()) source.command.push_back(word.as_string());
  }
  return source;
}

}  // namespace

async::Task<schema::Result<std::string>> SecretVault::fetch(std::string address, std::string path) {
  const auto parsed = schema::parse_address(address);
  const auto* resource = parsed ? topology_.find(*parsed) : nullptr;
  const auto place = Path::parse(path);
  const Value* value = resource == nullptr ? nullptr : resource->attributes.find(place);
  if (value == nullptr || !value->has_fields()) {
    co_return std::unexpected(
        schema::error("Secret not available",
                      address + "." + path + " names no secret in this topology any more."));
  }
  auto source = source_of(*value, resource->span_of(place));
  auto text = co_await fetch_secret(host_, std::move(source));
  co_return text;
}

async::Task<schema::Result<void>> SecretVault::load_key() {
  if (key_) co_return schema::Result<void>();
  if (topology_.secret_key) {
    auto bytes = co_await fetch_secret(host_, *topology_.secret_key);
    if (!bytes) co_return std::unexpected(bytes.error());
    auto key = state::SecretKey::from_bytes(std::move(*bytes));
    if (!key) co_return std::unexpected(key.error());
    key_ = std::move(*key);
    co_return schema::Result<void>();
  }
  const auto path = state::SecretKey::default_path(host_.environment);
  auto key = state::SecretKey::read_or_make(host_.files, host_.random, path);
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
