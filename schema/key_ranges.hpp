#pragma once

#include <string>
#include <vector>

namespace pveplan::schema {

/// Keys as ranges: {"1","2","3","5"} gives "1..3,5".
std::string key_ranges(const std::vector<std::string>& keys);

}  // namespace pveplan::schema
