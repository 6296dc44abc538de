#pragma once

#include "lab/core/api_table.hpp"

/// One function for each area of the API: adds its calls to the table.
namespace pveplan::lab {

void add_version_calls(ApiTable& api);
void add_index_calls(ApiTable& api);

}  // namespace pveplan::lab
