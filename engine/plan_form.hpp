#pragma once

#include "engine/saved_plan.hpp"
#include "schema/value.hpp"

#include <expected>
#include <string>
#include <vector>

namespace pveplan::engine {

/// The body of a plan file (docs/plan-file.md) as a value of maps, lists and scalars. A member that
/// a model type gets later is a compile error here, so that none can be lost on the way.
schema::Value plan_form(const SavedPlan& saved, const SecretDigest& digest);

/// Reads it back, strictly: an unknown member, a wrong type or an index that leads nowhere is an
/// error, which names the first such place. Secrets that cannot be given back are listed in
/// `missing`.
std::expected<SavedPlan, std::string> plan_from_form(const schema::Value& body,
                                                     const SecretsByDigest& secrets,
                                                     std::vector<std::string>& missing);

}  // namespace pveplan::engine
