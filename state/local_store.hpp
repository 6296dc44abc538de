#pragma once

#include "state/store.hpp"
#include "state/store_place.hpp"

#include <memory>
#include <optional>
#include <string>

namespace pveplan::state {

/// The state of one topology in a folder of this machine (docs/state-format.md).
class LocalStore final : public Store {
 public:
  explicit LocalStore(StorePlace place) : place_(std::move(place)) {}
  /// `program` is the version of this program. The references must outlive store and sessions.
  LocalStore(async::Files& files, async::Random& random, async::Clock& clock,
             async::Environment& environment, std::string directory, std::string program,
             StoreLimits limits = {});

  /// read() and begin() at once, for code without a loop; nothing is waited for.
  schema::Result<Loaded> load() const;
  schema::Result<std::unique_ptr<Session>> lock(std::string operation) const;

  async::Task<schema::Result<Loaded>> read() override;
  async::Task<schema::Result<std::unique_ptr<Session>>> begin(LockRequest request) override;
  async::Task<schema::Result<LockLook>> look_at_lock() override;
  async::Task<schema::Result<void>> break_lock(std::string id) override;

 private:
  /// `busy` is set when the error is that somebody else has the lock.
  schema::Result<std::unique_ptr<Session>> attempt(const LockRequest& request, bool& busy) const;

  StorePlace place_;
};

/// The lock of a folder, and what its holder had written into it; null when another process has it.
struct FolderLock {
  std::unique_ptr<async::FileLock> lock;
  LockInfo written;
};
schema::Result<FolderLock> lock_folder(const StorePlace& place);
/// Writes who has the lock, for people and for the next run.
schema::Result<void> write_lock_text(const StorePlace& place, const LockInfo& info);

}  // namespace pveplan::state
