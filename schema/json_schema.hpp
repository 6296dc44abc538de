#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::schema {

/// JSON Schema (draft 7) of a topology, for editors: completion, hover texts and the faults that
/// can be told from a single file. It never refuses what the program accepts; what depends on
/// profiles, on other files or on references is left to `pveplan validate`.
Value json_schema(const SchemaRegistry& registry);

}  // namespace pveplan::schema
