#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::core {

schema::ResourceSchema record_schema();

}  // namespace pveplan::core
