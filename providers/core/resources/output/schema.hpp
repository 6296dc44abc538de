#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::core {

/// The schema of `[output.NAME]`.
schema::ResourceSchema output_schema();

}  // namespace pveplan::core
