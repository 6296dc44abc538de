#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::pve {

schema::ResourceSchema pool_schema();

}  // namespace pveplan::pve
