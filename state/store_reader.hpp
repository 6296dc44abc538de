#pragma once

#include "schema/diagnostic.hpp"
#include "state/journal.hpp"
#include "state/store_place.hpp"

#include <cstdint>
#include <string>

namespace pveplan::state {

/// What lies on the disk, put together.
struct StoreContent {
  StateFile state;
  bool exists = false;        ///< there is a snapshot
  std::string snapshot_hash;  ///< the base that a journal must name
  std::uint64_t snapshot_serial = 0;
  std::uint64_t snapshot_bytes = 0;
  /// Good records of the journal that continues the snapshot; empty when there is none.
  std::string journal;
  bool journal_torn = false;
};

/// Needs no lock: it may run while another process applies, and then gives some state that was true
/// a moment ago. Never gives an empty state for a damaged one.
schema::Result<StoreContent> read_store(const StorePlace& place);

}  // namespace pveplan::state
