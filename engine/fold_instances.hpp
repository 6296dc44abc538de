#pragma once

#include "schema/diagnostic.hpp"

namespace pveplan::engine {

/// What is said alike of several instances of a block, at the same place, becomes one diagnostic of
/// the block that tells which instances it concerns. The order of what remains is kept.
schema::Diagnostics fold_instances(const std::vector<schema::Diagnostic>& all);

}  // namespace pveplan::engine
