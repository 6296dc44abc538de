#pragma once

#include "providers/async/task.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <string>

namespace pveplan::state {

/// The far end of a session whose state is kept on a server; its journal stays on this machine.
class RemoteEnd {
 public:
  virtual ~RemoteEnd() = default;
  /// Puts a snapshot there. Refused when somebody else has written since this session last looked.
  virtual async::Task<schema::Result<void>> push(std::string snapshot, std::uint64_t serial) = 0;
  /// Gives the lock back.
  virtual async::Task<schema::Result<void>> unlock() = 0;
  /// For messages.
  virtual std::string address() const = 0;
};

}  // namespace pveplan::state
