#pragma once

#include "state/remote_copy.hpp"
#include "state/state_server.hpp"
#include "state/store.hpp"
#include "state/store_place.hpp"

#include <memory>
#include <optional>
#include <string>

namespace pveplan::state {

/// Says how the server is reached; asked when it is first needed, since it fetches secrets.
class HttpAccess {
 public:
  virtual ~HttpAccess() = default;
  virtual async::Task<schema::Result<HttpOptions>> options() = 0;
};

/// A state on a server (docs/state.md). A folder of this machine holds the journal of the run and a
/// copy of what was last read or sent, so that a run that is stopped goes on from there; any other
/// machine goes on from the snapshot on the server, which has every open intent.
class HttpStore final : public Store {
 public:
  /// `access` and `transport` must outlive store and sessions.
  HttpStore(StorePlace place, async::Transport& transport, HttpAccess& access)
      : place_(std::move(place)), transport_(transport), access_(access) {}

  async::Task<schema::Result<Loaded>> read() override;
  async::Task<schema::Result<std::unique_ptr<Session>>> begin(LockRequest request) override;
  async::Task<schema::Result<LockLook>> look_at_lock() override;
  async::Task<schema::Result<void>> break_lock(std::string id) override;

 private:
  async::Task<schema::Result<void>> connect();
  /// `busy` is set when the error is that somebody else has the lock.
  async::Task<schema::Result<std::unique_ptr<Session>>> attempt(const LockRequest* request,
                                                                bool* busy);
  /// Takes the server's lock, also from a run of this folder that was stopped. Whoever has it
  /// instead is returned.
  async::Task<schema::Result<std::optional<LockInfo>>> lock_there(const LockInfo* info);
  /// With both locks held.
  async::Task<schema::Result<std::unique_ptr<Session>>> open(const LockRequest* request,
                                                             std::unique_ptr<async::FileLock> lock,
                                                             const LockInfo* info);
  schema::Result<Reconciled> reconciled(const std::optional<std::string>& remote,
                                        const std::optional<RemoteTrace>& trace);

  StorePlace place_;
  async::Transport& transport_;
  HttpAccess& access_;
  std::shared_ptr<StateServer> server_;
};

}  // namespace pveplan::state
