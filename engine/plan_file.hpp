#pragma once

#include "engine/saved_plan.hpp"
#include "schema/diagnostic.hpp"

#include <string>
#include <string_view>

namespace pveplan::engine {

/// Gives the plan its id: the same plan has the same one, whenever and by whatever version it was
/// made.
void identify(SavedPlan& saved, const SecretDigest& digest);

/// The bytes of a plan file (docs/plan-file.md); gives the plan its id as well.
std::string write_plan_file(SavedPlan& saved, const SecretDigest& digest);

/// What was read, and the secrets that are not what they were when the plan was made.
struct ReadPlan {
  SavedPlan saved;
  std::vector<std::string> missing_secrets;  ///< digests
};

/// Reads a plan file strictly. `name` is for messages. Refuses what is no plan, what another
/// version made, and what is not byte for byte what was written.
schema::Result<ReadPlan> read_plan_file(std::string_view bytes, const std::string& name,
                                        const SecretsByDigest& secrets);

}  // namespace pveplan::engine
