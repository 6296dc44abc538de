#pragma once

#include "state/state_file.hpp"

#include <map>

namespace pveplan::engine {

/// Where rows go: from, to.
using RowMoves = std::map<schema::ResourceAddress, schema::ResourceAddress>;

/// Gives rows other addresses, with their parts and with what other rows say of them. The targets
/// are free, or leave too.
void move_rows(state::StateFile& state, const RowMoves& moves);

}  // namespace pveplan::engine
