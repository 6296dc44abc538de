#pragma once

#include "engine/services.hpp"
#include "schema/topology.hpp"
#include "state/secret_key.hpp"

#include <optional>

namespace pveplan::cli {

/// The secrets of a topology's resources. Fetched at each use and not kept; the key that digests
/// are made with is.
class SecretVault final : public engine::Secrets {
 public:
  SecretVault(async::Host& host, const schema::Topology& topology)
      : host_(host), topology_(topology) {}

  async::Task<schema::Result<std::string>> digest(std::string address, std::string path) override;
  async::Task<schema::Result<std::string>> text(std::string address, std::string path) override;
  async::Task<schema::Result<engine::SecretDigest>> digests() override;

 private:
  async::Task<schema::Result<std::string>> fetch(std::string address, std::string path);
  async::Task<schema::Result<void>> load_key();

  async::Host& host_;
  const schema::Topology& topology_;
  std::optional<state::SecretKey> key_;
};

/// A password as the server stores it: SHA-512 crypt with a salt that follows from the digest, so
/// that the same password gives the same text.
std::string crypt_password(const std::string& password, const std::string& digest);

}  // namespace pveplan::cli
