#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::pve {

schema::ResourceSchema bridge_schema();

}  // namespace pveplan::pve
