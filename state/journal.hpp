#pragma once

#include "schema/diagnostic.hpp"
#include "state/record.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::state {

/// A record with its frame, as it is appended: length and CRC-32C of the JSON as eight hexadecimal
/// digits each, the JSON, a line break.
std::string frame(std::string_view json);

/// The frames of a journal.
struct JournalFrames {
  std::vector<std::string_view> payloads;  ///< JSON of each record; views into the journal's bytes
  std::size_t valid_bytes = 0;             ///< up to the end of the last good record
  bool torn = false;                       ///< bytes follow that are no record
};

/// Cuts a journal into its records. What a crash leaves behind the last good record is dropped; a
/// good record after a bad one means that something else damaged the file, and is refused.
schema::Result<JournalFrames> cut_journal(std::string_view bytes);

/// Replays the records after the first one, which names the base.
schema::Result<void> replay(const JournalFrames& frames, StateFile& state);

}  // namespace pveplan::state
