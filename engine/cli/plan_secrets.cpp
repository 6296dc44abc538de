#include "engine/cli/plan_secrets.hpp"

#include "engine/cli/workspace.hpp"

namespace pveplan::cli {
PlanSecrets::PlanSecrets(Program& program, const schema::Topology& topology)
    : program_(program),
      topology_(topology),
      key_(std::make_shared<std::optional<state::SecretKey>>()),
      problem_(std::make_shared<std::optional<schema::Diagnostic>>()) {}

async::Task<schema::Result<void>> PlanSecrets::load() {
  if (!topology_.secret_key) co_return schema::Result<void>();
  auto bytes = co_await fetch_secret(program_.host, *topology_.secret_key);
  if (!bytes) co_return std::unexpected(bytes.error());
  auto key = state::SecretKey::from_bytes(std::move(*bytes));
  if (!key) co_return std::unexpected(key.error());
  *key_ = std::move(*key);
  co_return schema::Result<void>();
}

engine::SecretDigest PlanSecrets::digest() {
  return [&program = program_, key = key_,
          problem = problem_](const std::string& secret) -> std::string {
    if (!*key && !*problem) {
      auto& host = program.host;
      auto opened = state::SecretKey::read_or_make(
          host.files, host.random, state::SecretKey::default_path(host.environment));
      if (opened) {
        *key = std::move(*opened);
      } else {
        *problem = opened.error();
      }
    }
    return *key ? (*key)->digest(secret) : std::string();
  };
}

engine::SecretsByDigest PlanSecrets::known() {
  engine::SecretsByDigest secrets;
  const auto digests = digest();
  for (const auto& resource : topology_.resources)
    engine::collect_secrets(resource.attributes, digests, secrets);
  for (const auto& variable : topology_.variables)
    engine::collect_secrets(variable.value, digests, secrets);
  return secrets;
}

}  // namespace pveplan::cli
