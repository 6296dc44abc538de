#pragma once

#include "schema/topology.hpp"

#include <vector>

namespace pveplan::schema {

/// What several resources cannot share: names, VMIDs, addresses, MACs. Each message names both
/// places. `previews` are instances of unexpanded resources for the nodes that their text names.
void find_conflicts(const Topology& topology, const std::vector<Resource>& previews,
                    Diagnostics& diagnostics);

/// The name that a resource gets where it states none: NAME, or NAME-KEY where instances have keys
/// of the user's choice.
std::string default_name(const Resource& resource);

}  // namespace pveplan::schema
