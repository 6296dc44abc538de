#pragma once

#include "schema/decode_context.hpp"
#include "schema/topology.hpp"

namespace pveplan::schema {

/// What several resources cannot share: names, VMIDs, addresses, MACs. Each message names both
/// places.
void find_conflicts(DecodeContext& context, const Topology& topology);

}  // namespace pveplan::schema
