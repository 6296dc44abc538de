#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::core {

schema::ResourceSchema ip_pool_schema();

}  // namespace pveplan::core
