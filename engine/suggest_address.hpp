#pragma once

#include "schema/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pveplan::engine {

/// ` Did you mean "vm.web"?` with its blank in front, or nothing. Blocks count as well as their
/// instances. The name has to be near by itself: "vm.db" is not what "vm.wbe" was meant to be,
/// however much the two have in common.
std::string did_you_mean_address(std::string_view typed,
                                 const std::vector<schema::ResourceAddress>& known);

}  // namespace pveplan::engine
