#include "state/local_store.hpp"

#include "providers/async/retry.hpp"
#include "state/lock_info.hpp"
#include "state/network_folder.hpp"
#include "state/store_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace pveplan::state {

async::Delays lock_delays(const LockRequest& request) {
  return async::doubling_delays(std::chrono::seconds(1), std::chrono::seconds(16), request.timeout);
}

schema::Result<FolderLock> lock_folder(const StorePlace& place) {
  if (auto made = make_folder(place.files, place.directory); !made)
    return std::unexpected(made.error());
  auto lock = place.files.try_lock(place.lock());
  if (!lock) return std::unexpected(cannot("State cannot be locked", lock.error()));
  const auto text = place.files.read(place.lock());
  return FolderLock{std::move(*lock), read_lock_info(text ? *text : std::string())};
}

schema::Result<void> write_lock_text(const StorePlace& place, const LockInfo& info) {
  auto written = place.files.write(place.lock(), write_lock_info(info), kFileMode);
  if (!written) return std::unexpected(cannot("State cannot be locked", written.error()));
  return {};
}

LocalStore::LocalStore(async::Files& files, async::Random& random, async::Clock& clock,
                       async::Environment& environment, std::string directory, std::string program,
                       StoreLimits limits)
    : place_{files, random, clock, environment, std::move(directory), std::move(program), limits} {}

schema::Result<Loaded> LocalStore::load() const {
  auto content = read_store(place_);
  if (!content) return std::unexpected(content.error());
  Loaded loaded;
  loaded.state = std::move(content->state);
  loaded.exists = content->exists;
  if (content->journal_torn) {
    loaded.warnings.add(schema::warning(
        "Unfinished record in the journal",
        fmt::format("The last record of '{}' is incomplete and was left out: a run was interrupted "
                    "while it wrote, or is writing now.",
                    place_.journal())));
  }
  return loaded;
}

schema::Result<std::unique_ptr<Session>> LocalStore::attempt(const LockRequest& request,
                                                             bool& busy) const {
  auto folder = lock_folder(place_);
  if (!folder) return std::unexpected(folder.error());
  busy = folder->lock == nullptr;
  if (busy) return std::unexpected(is_locked(place_, folder->written));
  auto content = read_store(place_);
  if (!content && !request.replacing) return std::unexpected(content.error());
  auto info = make_lock_info(place_, request.operation);
  if (auto written = write_lock_text(place_, info); !written)
    return std::unexpected(written.error());
  auto session = std::make_unique<Session>(place_, std::move(folder->lock), std::move(info),
                                           content ? std::move(*content) : StoreContent());
  if (!content) session->unreadable = content.error();
  if (auto remark = lock_remark(place_)) session->warnings.add(std::move(*remark));
  return session;
}

schema::Result<std::unique_ptr<Session>> LocalStore::lock(std::string operation) const {
  bool busy = false;
  return attempt(LockRequest(std::move(operation)), busy);
}

async::Task<schema::Result<Loaded>> LocalStore::read() { co_return load(); }

async::Task<schema::Result<std::unique_ptr<Session>>> LocalStore::begin(LockRequest request) {
  async::Backoff backoff(lock_delays(request));
  for (;;) {
    bool busy = false;
    auto session = attempt(request, busy);
    if (session || !busy) co_return session;
    if (backoff.waits() == 0 && request.timeout.count() > 0) request.on_wait(session.error());
    const bool again = co_await backoff.wait();
    if (!again) co_return session;
  }
}

async::Task<schema::Result<LockLook>> LocalStore::look_at_lock() {
  LockLook look;
  if (!place_.files.exists(place_.lock())) co_return look;
  auto folder = lock_folder(place_);
  if (!folder) co_return std::unexpected(folder.error());
  look.held = folder->lock == nullptr;
  look.by_living_process = look.held;
  look.words = look.held ? describe_holder(folder->written, place_) : std::string();
  look.holder = std::move(folder->written);
  co_return look;
}

async::Task<schema::Result<void>> LocalStore::break_lock(std::string) {
  co_return std::unexpected(schema::error(
      "Lock of a living process",
      fmt::format("The lock of '{}' is the kernel's, and goes away when its process ends: end that "
                  "one instead.",
                  place_.directory)));
}

}  // namespace pveplan::state
