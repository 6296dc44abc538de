#include "state/http_store.hpp"

#include "providers/async/retry.hpp"
#include "schema/json.hpp"
#include "state/http_remote.hpp"
#include "state/local_store.hpp"
#include "state/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace pveplan::state {
namespace {

/// How often a reader looks again when a run of this machine sends between two looks.
constexpr int kLooks = 5;

/// Runs of this very folder that ended without giving their lock back. None of them can live any
/// more, since the lock of the folder was free.
std::vector<std::string> left_by_us(const LockInfo& written, const LockInfo& info) {
  if (written.id.empty() || written.host != info.host) return {};
  auto ids = written.previous;
  ids.push_back(written.id);
  return ids;
}

schema::Diagnostic no_lock(const std::string& address) {
  return schema::warning(
      "State is not locked",
      fmt::format("Nothing keeps two machines from applying with the state at {} at the same time; "
                  "only the second one's writing fails. Give `lock_address` and `unlock_address`, "
                  "if the server has them.",
                  address));
}

schema::Diagnostic left_behind(const StorePlace& place, const std::string& address) {
  return schema::warning(
      "Others went on",
      fmt::format("An earlier run on this machine ended before it had sent everything, and the "
                  "state at {} was changed since. That one counts: whoever went on has looked at "
                  "what had been sent to the cluster. This machine's is kept in '{}'.",
                  address, place.backups()));
}

schema::Result<void> write_lock_durably(const StorePlace& place, const LockInfo& info) {
  if (auto done = write_lock_text(place, info); !done) return done;
  auto synced = place.files.sync_file(place.lock());
  if (synced) synced = place.files.sync_directory(place.directory);
  if (!synced) return std::unexpected(cannot("State cannot be locked", synced.error()));
  return sync_above(place.files, place.directory);
}

std::string only_the_id(const std::string& id) {
  return schema::to_json(schema::Value::map({{"ID", schema::Value::string(id)}}));
}

RemoteTrace::Seen seen(const std::optional<std::string>& remote) {
  RemoteTrace::Seen result;
  if (!remote) return result;
  const auto state = read_snapshot(*remote);
  if (state) result.serial = state->serial;
  result.sha256 = snapshot_hash(*remote);
  return result;
}

}  // namespace

async::Task<schema::Result<void>> HttpStore::connect() {
  if (server_) co_return schema::Result<void>();
  auto options = co_await access_.options();
  if (!options) co_return std::unexpected(options.error());
  server_ = std::make_shared<StateServer>(transport_, std::move(*options));
  co_return schema::Result<void>();
}

schema::Result<Reconciled> HttpStore::reconciled(const std::optional<std::string>& remote,
                                                 const std::optional<RemoteTrace>& trace) {
  auto local = read_store(place_);
  if (!local) return std::unexpected(local.error());
  return reconcile(place_, server_->address(), remote, trace, std::move(*local));
}

async::Task<schema::Result<Loaded>> HttpStore::read() {
  auto connected = co_await connect();
  if (!connected) co_return std::unexpected(connected.error());
  for (int look = 1;; ++look) {
    const auto before = read_remote_trace(place_);
    if (!before) co_return std::unexpected(before.error());
    auto remote = co_await server_->get();
    if (!remote) co_return std::unexpected(remote.error());
    // A run of this machine may have sent something meanwhile.
    const auto after = read_remote_trace(place_);
    if (!after) co_return std::unexpected(after.error());
    if (*before != *after && look < kLooks) continue;
    auto found = reconciled(*remote, *after);
    if (!found) co_return std::unexpected(found.error());
    Loaded loaded;
    loaded.exists = found->content.exists;
    loaded.state = std::move(found->content.state);
    if (found->folder_lags) loaded.warnings.add(left_behind(place_, server_->address()));
    co_return loaded;
  }
}

async::Task<schema::Result<std::unique_ptr<Session>>> HttpStore::begin(LockRequest request) {
  auto connected = co_await connect();
  if (!connected) co_return std::unexpected(connected.error());
  async::Backoff backoff(lock_delays(request));
  for (;;) {
    bool busy = false;
    auto session = co_await attempt(&request, &busy);
    if (session || !busy) co_return session;
    if (backoff.waits() == 0 && request.timeout.count() > 0) request.on_wait(session.error());
    const bool again = co_await backoff.wait();
    if (!again) co_return session;
  }
}

async::Task<schema::Result<std::optional<LockInfo>>> HttpStore::lock_there(const LockInfo* info) {
  auto holder = co_await server_->lock(*info);
  if (!holder || !*holder) co_return holder;
  const auto& ids = info->previous;
  const auto id = (*holder)->id;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) co_return holder;
  // Given back and taken anew, not taken over: what the stopped run had sent last may still arrive,
  // and its id must not count any more.
  auto given_back = co_await server_->unlock(only_the_id(id), id);
  if (!given_back) co_return std::unexpected(given_back.error());
  auto again = co_await server_->lock(*info);
  co_return again;
}

async::Task<schema::Result<std::unique_ptr<Session>>> HttpStore::attempt(const LockRequest* request,
                                                                         bool* busy) {
  auto folder = lock_folder(place_);
  if (!folder) co_return std::unexpected(folder.error());
  *busy = folder->lock == nullptr;
  if (*busy) co_return std::unexpected(is_locked(place_, folder->written));
  auto info = make_lock_info(place_, request->operation);
  info.path = server_->address();
  info.previous = left_by_us(folder->written, info);
  // Before the server is asked: whatever becomes of this process, its next run knows the lock.
  const auto written = write_lock_durably(place_, info);
  if (!written) co_return std::unexpected(written.error());
  if (server_->locks()) {
    auto holder = co_await lock_there(&info);
    if (!holder) co_return std::unexpected(holder.error());
    if (*holder) {
      *busy = true;
      (void)place_.files.write(place_.lock(), "", kFileMode);
      co_return std::unexpected(is_locked_there(place_, server_->address(), **holder));
    }
  }
  auto session = co_await open(request, std::move(folder->lock), &info);
  if (session || !server_->locks()) co_return session;
  auto unlocked = co_await server_->unlock(write_lock_info(info), info.id);
  if (unlocked) (void)place_.files.write(place_.lock(), "", kFileMode);
  co_return session;
}

async::Task<schema::Result<std::unique_ptr<Session>>> HttpStore::open(
    const LockRequest* request, std::unique_ptr<async::FileLock> lock, const LockInfo* info) {
  const auto trace = read_remote_trace(place_);
  if (!trace && !request->replacing) co_return std::unexpected(trace.error());
  auto remote = co_await server_->get();
  if (!remote) co_return std::unexpected(remote.error());
  const auto base = seen(*remote);
  auto found = reconciled(*remote, trace ? *trace : std::nullopt);
  schema::Diagnostics warnings;
  std::optional<schema::Diagnostic> unreadable;
  StoreContent content;
  if (found && !request->replacing) {
    content = std::move(found->content);
    if (found->folder_lags) warnings.add(left_behind(place_, server_->address()));
  } else if (!request->replacing) {
    co_return std::unexpected(found.error());
  } else if (*remote) {
    // What is replaced is what the server has, whatever this folder says.
    auto state = read_snapshot(**remote);
    if (!state) unreadable = state.error();
    content.exists = state.has_value();
    if (state) content.state = std::move(*state);
  }
  if (found && found->theirs && !request->replacing) {
    const auto local = read_store(place_);
    auto adopted = adopt_remote(place_, **remote, local ? *local : StoreContent());
    if (!adopted) co_return std::unexpected(adopted.error());
    content = std::move(*adopted);
  }
  if (!trace || !*trace || !(*trace)->knows(base.sha256)) {
    RemoteTrace now;
    now.seen = {base};
    if (auto done = write_remote_trace(place_, now); !done) co_return std::unexpected(done.error());
  }
  auto session = std::make_unique<Session>(place_, std::move(lock), *info, std::move(content));
  const auto pushed = *remote ? std::optional(base.serial) : std::nullopt;
  session->keep_at(std::make_unique<HttpRemote>(place_, server_, *info, base), pushed);
  if (!server_->locks()) warnings.add(no_lock(server_->address()));
  session->warnings = std::move(warnings);
  session->unreadable = std::move(unreadable);
  co_return session;
}

async::Task<schema::Result<LockLook>> HttpStore::look_at_lock() {
  auto connected = co_await connect();
  if (!connected) co_return std::unexpected(connected.error());
  LockLook look;
  if (!server_->locks()) co_return look;
  // The protocol has no question for it: a lock that is free is taken for a moment.
  auto info = make_lock_info(place_, "state unlock");
  info.path = server_->address();
  auto holder = co_await server_->lock(info);
  if (!holder) co_return std::unexpected(holder.error());
  if (*holder) {
    look.held = true;
    look.words = (*holder)->id.empty() ? (*holder)->info : describe_holder(**holder, place_);
    look.holder = std::move(**holder);
    co_return look;
  }
  auto given_back = co_await server_->unlock(write_lock_info(info), info.id);
  if (!given_back) co_return std::unexpected(given_back.error());
  co_return look;
}

async::Task<schema::Result<void>> HttpStore::break_lock(std::string id) {
  auto connected = co_await connect();
  if (!connected) co_return std::unexpected(connected.error());
  if (!server_->locks())
    co_return std::unexpected(schema::error(
        "No lock", "This state has no `unlock_address`, so nothing locks it and nothing unlocks."));
  auto done = co_await server_->unlock(only_the_id(id), id);
  co_return done;
}

}  // namespace pveplan::state
