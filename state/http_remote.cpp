#include "state/http_remote.hpp"

#include "state/snapshot.hpp"

#include <fmt/format.h>

namespace pveplan::state {

schema::Result<void> HttpRemote::check_unchanged(const std::optional<std::string>& there) const {
  const auto hash = there ? snapshot_hash(*there) : std::string();
  if (hash == base_.sha256 || (sent_ && hash == sent_->sha256)) return {};
  const auto state = there ? read_snapshot(*there) : schema::Result<StateFile>(StateFile());
  const auto what = !there  ? std::string("it is gone")
                    : state ? fmt::format("it has the serial {} now", state->serial)
                            : std::string("it cannot be read any more");
  return std::unexpected(schema::error(
      "State changed on the server",
      fmt::format("Somebody else wrote the state at {} while this run worked: this run went out "
                  "from the serial {}, and {}.",
                  address(), base_.serial, what)));
}

async::Task<schema::Result<void>> HttpRemote::push(std::string snapshot, std::uint64_t serial) {
  const RemoteTrace::Seen wanted{serial, snapshot_hash(snapshot)};
  auto there = co_await server_->get();
  if (!there) co_return std::unexpected(there.error());
  if (auto same = check_unchanged(*there); !same) co_return same;
  const auto hash = *there ? snapshot_hash(**there) : std::string();
  if (sent_ && hash == sent_->sha256) base_ = *sent_;
  sent_.reset();
  if (hash == wanted.sha256) co_return schema::Result<void>();
  // Written first: should this process die now, its next run knows what it may find there. Without
  // it that run takes the server's state for somebody else's, which loses nothing either.
  RemoteTrace trace;
  trace.seen = {base_, wanted};
  (void)write_remote_trace(place_, trace);
  sent_ = wanted;
  std::string id;
  if (server_->locks()) id = lock_.id;
  auto put = co_await server_->put(std::move(snapshot), std::move(id));
  if (!put) {
    // Perhaps it arrived, and only the answer got lost.
    const auto problem = put.error();
    auto now = co_await server_->get();
    const bool arrived = now && *now && snapshot_hash(**now) == wanted.sha256;
    if (!arrived) co_return std::unexpected(problem);
  }
  base_ = wanted;
  sent_.reset();
  co_return schema::Result<void>();
}

async::Task<schema::Result<void>> HttpRemote::unlock() {
  RemoteTrace trace;
  trace.seen = {base_};
  (void)write_remote_trace(place_, trace);  // a later run that does not know it only warns in vain
  if (!server_->locks()) co_return schema::Result<void>();
  auto done = co_await server_->unlock(write_lock_info(lock_), lock_.id);
  co_return done;
}

}  // namespace pveplan::state
