#pragma once

#include "schema/value.hpp"

#include <string>
#include <vector>

namespace pveplan::sim {

/// Checks a JSON value against a JSON Schema: the keywords that our published schemas use. A
/// keyword that this validator does not know is reported as a fault, so that no rule is skipped
/// unseen.
std::vector<std::string> schema_faults(const schema::Value& schema, const schema::Value& value);

}  // namespace pveplan::sim
