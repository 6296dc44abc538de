#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::pve {

schema::ResourceSchema image_schema();

}  // namespace pveplan::pve
