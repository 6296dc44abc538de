#pragma once

#include "providers/async/host.hpp"
#include "providers/async/retry.hpp"
#include "schema/diagnostic.hpp"
#include "state/lock_info.hpp"
#include "state/session.hpp"
#include "state/state_file.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pveplan::state {

struct Loaded {
  StateFile state;
  bool exists = false;  ///< false: nothing was ever applied; the state is empty
  schema::Diagnostics warnings;
};

/// How a lock is asked for.
class LockRequest {
 public:
  explicit LockRequest(std::string what, std::chrono::milliseconds how_long = {})
      : operation(std::move(what)), timeout(how_long) {}
  std::string operation;              ///< what the user runs: "apply"
  std::chrono::milliseconds timeout;  ///< how long it is waited for
  /// Told once, when the lock is not free at once.
  std::function<void(const schema::Diagnostic&)> on_wait = [](const schema::Diagnostic&) {};
  /// The state will be replaced: one that is damaged, or does not fit the server's, is no obstacle
  /// and counts as absent. Session::unreadable says what was wrong.
  bool replacing = false;
};

/// Who has a lock.
struct LockLook {
  bool held = false;
  /// The lock is the kernel's, so its holder lives; only its end frees it.
  bool by_living_process = false;
  LockInfo holder;    ///< empty members where nobody tells
  std::string words;  ///< for people: who, what, since when
};

/// Where the state of a topology is kept. One store a command; at most one session at a time.
class Store {
 public:
  virtual ~Store() = default;

  /// Without any lock, for plans: open intents included. Changes nothing.
  virtual async::Task<schema::Result<Loaded>> read() = 0;

  /// Exclusive use. The error names who has it instead.
  virtual async::Task<schema::Result<std::unique_ptr<Session>>> begin(LockRequest request) = 0;

  /// Looks at the lock and leaves it as it is.
  virtual async::Task<schema::Result<LockLook>> look_at_lock() = 0;
  /// Takes the lock with this id away from whoever has it.
  virtual async::Task<schema::Result<void>> break_lock(std::string id) = 0;
};

/// Waits of 1, 2, 4 … 16 s, together as long as the request says.
async::Delays lock_delays(const LockRequest& request);

}  // namespace pveplan::state
