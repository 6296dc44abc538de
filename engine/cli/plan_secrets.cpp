#include "engine/cli/plan_secrets.hpp"

namespace pveplan::cli {
namespace {

schema::Result<state::SecretKey> open_key(Program& program, const schema::Topology& topology) {
  auto path = state::SecretKey::default_path(program.host.environment);
  if (topology.secret_key) {
    if (topology.secret_key->kind != schema::SecretSource::Kind::file) {
      return std::unexpected(schema::error(
          "Secret key from elsewhere comes later",
          "A plan with secrets needs `secret_key = { file = \"...\" }`, or none at all.",
          topology.secret_key->span));
    }
    path = topology.secret_key->name;
  }
  return state::SecretKey::read_or_make(program.host.files, program.host.random, path);
}

}  // namespace

PlanSecrets::PlanSecrets(Program& program, const schema::Topology& topology)
    : program_(program),
      topology_(topology),
      key_(std::make_shared<std::optional<state::SecretKey>>()),
      problem_(std::make_shared<std::optional<schema::Diagnostic>>()) {}

engine::SecretDigest PlanSecrets::digest() {
  return [&program = program_, &topology = topology_, key = key_,
          problem = problem_](const std::string& secret) -> std::string {
    if (!*key && !*problem) {
      auto opened = open_key(program, topology);
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
