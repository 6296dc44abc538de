#pragma once

#include "schema/diagnostic.hpp"
#include "state/state_file.hpp"

#include <string>
#include <string_view>

namespace pveplan::state {

/// The bytes of `state.json`: the same state always gives the same bytes. The last member is a
/// SHA-256 over all bytes in front of it.
std::string write_snapshot(const StateFile& state);

/// Reads what write_snapshot() wrote. Refuses a newer format naming the program that wrote it, and
/// anything whose checksum is not right.
schema::Result<StateFile> read_snapshot(std::string_view bytes);

/// The checksum at the end of a snapshot: its name in the journal. Empty when there is none.
std::string snapshot_hash(std::string_view bytes);

}  // namespace pveplan::state
