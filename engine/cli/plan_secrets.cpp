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
  auto key = co_await fetch_secret_key(program_.host, *topology_.secret_key);
  if (!key) co_return std::unexpected(key.error());
  *key_ = std::move(*key);
  co_return schema::Result<void>();
}

engine::SecretDigest PlanSecrets::digest() {
  return [&program = program_, key = key_,
          problem = problem_](const std::string& secret) -> std::string {
    if (!*key && !*problem) {
      auto opened = users_secret_key(program.host);
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

bool PlanSecrets::add_resolved(const engine::Exports& exports, engine::SecretsByDigest& secrets) {
  const auto before = secrets.size();
  const auto digests = digest();
  for (const auto& resource : topology_.resources) {
    if (resource.attributes.contains_reference())
      engine::collect_secrets(engine::resolve_references(resource.attributes, exports), digests,
                              secrets);
  }
  return secrets.size() > before;
}

}  // namespace pveplan::cli
