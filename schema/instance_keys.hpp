#pragma once

#include "schema/blocks.hpp"

namespace pveplan::schema {

/// Fills keys, overrides and what goes with them from `count`, `for_each`, `nodes` and `each` of
/// the block's tree.
void find_instances(DecodeContext& context, Block& block);

}  // namespace pveplan::schema
