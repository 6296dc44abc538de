#pragma once

#include "schema/diagnostic.hpp"
#include "state/store_place.hpp"
#include "state/store_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::state {

/// What this machine knows of the state on the server: the snapshot that lay there when it last
/// looked, and the one that it sent after that. Kept in `remote.json`, written before each sending.
struct RemoteTrace {
  struct Seen {
    std::uint64_t serial = 0;
    std::string sha256;  ///< empty: there was no state
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::vector<Seen> seen;  ///< what it had, then what was sent

  bool knows(const std::string& sha256) const;
  /// The serial that the server certainly had; what was sent after it may not have arrived.
  std::uint64_t certain() const;
  friend bool operator==(const RemoteTrace&, const RemoteTrace&) = default;
};

/// nullopt where no server was ever used from this folder.
schema::Result<std::optional<RemoteTrace>> read_remote_trace(const StorePlace& place);
schema::Result<void> write_remote_trace(const StorePlace& place, const RemoteTrace& trace);

/// The state that counts, from the one on the server and what lies in this folder.
struct Reconciled {
  StoreContent content;  ///< to go on with; of the server's state where `theirs`
  bool theirs = false;   ///< the server's state replaces the one in this folder
  bool folder_lags =
      false;  ///< this folder holds changes that the server never got and nobody needs
};

/// `remote` is what the server has, nullopt for nothing. Errors say how both can come together.
schema::Result<Reconciled> reconcile(const StorePlace& place, const std::string& address,
                                     const std::optional<std::string>& remote,
                                     const std::optional<RemoteTrace>& trace, StoreContent local);

/// Makes the server's state that of this folder; what was there becomes a backup.
schema::Result<StoreContent> adopt_remote(const StorePlace& place, const std::string& snapshot,
                                          const StoreContent& local);

}  // namespace pveplan::state
