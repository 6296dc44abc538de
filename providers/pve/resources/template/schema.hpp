#pragma once

#include "schema/resource_schema.hpp"

namespace pveplan::pve {

schema::ResourceSchema template_schema();

}  // namespace pveplan::pve
