#pragma once

#include "schema/diagnostic.hpp"
#include "state/state_file.hpp"
#include "state/store_place.hpp"

#include <optional>
#include <string_view>

namespace pveplan::state {

/// A state that somebody offers from a file, as `state push` takes it: valid UTF-8 without a byte
/// order mark, of a format that this program reads, with its own checksum.
schema::Result<StateFile> read_offered_state(std::string_view bytes);

/// Whether `offered` may take the place of `current`, and in what form. It may when there is none,
/// or when it is a later one of the same lineage. `force` overrides that: the state then gets a
/// serial that was never used, so that no plan and no other machine takes it for what it replaces.
/// `highest` is the largest serial that this folder has known.
schema::Result<StateFile> replacement(StateFile offered, const StateFile* current, bool force,
                                      std::uint64_t highest);

/// Keeps what lies in the folder before something else is put there: `current` as a backup, and
/// files that are not its (damaged ones, another state's) beside themselves under `.old`. Removes
/// the journal. `current` is null when it could not be read or there is none.
schema::Result<void> put_aside(const StorePlace& place, const StateFile* current);

/// The largest serial among the backups; 0 without any.
std::uint64_t newest_backup(const StorePlace& place);

}  // namespace pveplan::state
