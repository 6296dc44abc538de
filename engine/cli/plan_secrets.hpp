#pragma once

#include "engine/cli/program.hpp"
#include "engine/plan_value.hpp"
#include "engine/references.hpp"
#include "schema/topology.hpp"
#include "state/secret_key.hpp"

#include <memory>
#include <optional>

namespace pveplan::cli {

/// What stands for secrets in a plan file. The key of this user is made or read when the first
/// secret is met, so that topologies without any never need one; the topology's own key is fetched
/// at once.
class PlanSecrets {
 public:
  PlanSecrets(Program& program, const schema::Topology& topology);
  /// Fetches `[pveplan] secret_key` where there is one.
  async::Task<schema::Result<void>> load();

  /// After a failure of the key: texts that fit no secret; see problem().
  engine::SecretDigest digest();
  /// Every sensitive value that the topology holds.
  engine::SecretsByDigest known();
  /// Adds what the topology makes of secrets and of these exports. Says whether any was new.
  bool add_resolved(const engine::Exports& exports, engine::SecretsByDigest& secrets);
  /// Why the key cannot be used.
  const std::optional<schema::Diagnostic>& problem() const { return *problem_; }

 private:
  Program& program_;
  const schema::Topology& topology_;
  std::shared_ptr<std::optional<state::SecretKey>> key_;
  std::shared_ptr<std::optional<schema::Diagnostic>> problem_;
};

}  // namespace pveplan::cli
