#pragma once

#include "schema/diagnostic.hpp"
#include "state/session.hpp"
#include "state/state_file.hpp"
#include "state/store_place.hpp"

#include <memory>
#include <string>

namespace pveplan::state {

struct Loaded {
  StateFile state;
  bool exists = false;  ///< false: nothing was ever applied; the state is empty
  schema::Diagnostics warnings;
};

/// The state of one topology in a folder of this machine (docs/state-format.md).
class LocalStore {
 public:
  /// `program` is the version of this program. The references must outlive store and sessions.
  LocalStore(async::Files& files, async::Random& random, async::Clock& clock,
             async::Environment& environment, std::string directory, std::string program,
             StoreLimits limits = {});

  /// Snapshot and journal without any lock, for plans: open intents included. Changes nothing.
  schema::Result<Loaded> load() const;

  /// Exclusive use. At most one session a store at a time; the error names who holds the lock.
  /// `operation` is what the user runs: "apply".
  schema::Result<std::unique_ptr<Session>> lock(std::string operation) const;

 private:
  StorePlace place_;
};

}  // namespace pveplan::state
