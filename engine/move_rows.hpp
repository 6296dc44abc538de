#pragma once

#include "schema/diagnostic.hpp"
#include "state/state_file.hpp"

#include <map>
#include <string_view>

namespace pveplan::engine {

/// Where rows go: from, to.
using RowMoves = std::map<schema::ResourceAddress, schema::ResourceAddress>;

/// Whether the entry's address is meant: itself, or without a key every instance of its block.
bool covers(const schema::ResourceAddress& entry, const schema::ResourceAddress& address);

/// Where an address goes that `from` covers when `from` becomes `to`: the instances of a block keep
/// their keys.
schema::ResourceAddress moved(const schema::ResourceAddress& from,
                              const schema::ResourceAddress& to,
                              const schema::ResourceAddress& address);

/// One error for each target that another object has and keeps. `ending`: what comes of it, or the
/// cure.
schema::Diagnostics taken_targets(const state::StateFile& state, const RowMoves& moves,
                                  std::string_view ending);

/// Gives rows other addresses, with their parts and with what other rows say of them. The targets
/// are free, or leave too.
void move_rows(state::StateFile& state, const RowMoves& moves);

}  // namespace pveplan::engine
