#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::pve {

schema::ResourceSchema vm_schema();

}  // namespace pveplan::pve
