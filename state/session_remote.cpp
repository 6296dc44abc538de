#include "providers/async/sleep.hpp"
#include "state/replacement.hpp"
#include "state/session.hpp"
#include "state/snapshot.hpp"

#include <fmt/format.h>

#include <utility>

/// What a session does when its state is kept on a server.
namespace pveplan::state {
namespace {

constexpr std::chrono::seconds kPushEvery{20};

/// Lets the next one push, also when this one is dropped.
class PushTurn {
 public:
  PushTurn(bool& pushing, async::Event& pushed) : pushing_(pushing), pushed_(pushed) {
    pushing_ = true;
    pushed_.reset();
  }
  PushTurn(const PushTurn&) = delete;
  PushTurn& operator=(const PushTurn&) = delete;
  ~PushTurn() {
    pushing_ = false;
    pushed_.set();
  }

 private:
  bool& pushing_;
  async::Event& pushed_;
};

}  // namespace

void Session::keep_at(std::unique_ptr<RemoteEnd> remote,
                      std::optional<std::uint64_t> pushed_serial) {
  remote_ = std::move(remote);
  pushed_serial_ = pushed_serial;
}

async::Task<schema::Result<void>> Session::push_once() {
  const PushTurn turn(pushing_, pushed_);
  state_.program = place_.program;
  const auto serial = state_.serial;
  auto snapshot = write_snapshot(state_);
  auto pushed = co_await remote_->push(std::move(snapshot), serial);
  if (pushed) {
    pushed_serial_ = serial;
    push_failure_.reset();
  }
  co_return pushed;
}

/// Several callers share what is sent: a push takes everything along that came before it.
async::Task<schema::Result<void>> Session::push_up_to(std::uint64_t serial) {
  while (!pushed_serial_ || *pushed_serial_ < serial) {
    if (pushing_) {
      co_await pushed_.wait();
      if (push_failure_) co_return std::unexpected(*push_failure_);
      continue;
    }
    auto pushed = co_await push_once();
    if (pushed) continue;
    push_failure_ = pushed.error();
    co_return pushed;
  }
  co_return schema::Result<void>();
}

async::Task<schema::Result<void>> Session::announced() {
  const auto serial = state_.serial;
  auto done = co_await durable();
  if (!done || !remote_) co_return done;
  auto pushed = co_await push_up_to(serial);
  co_return pushed;
}

async::Task<void> Session::push_regularly() {
  while (remote_) {
    co_await async::sleep_for(kPushEvery);
    const bool changed = journal_ && (!pushed_serial_ || *pushed_serial_ < state_.serial);
    if (!changed || pushing_) continue;
    // A failure is of no account here: the next one sends everything again, and end() tells.
    [[maybe_unused]] auto pushed = co_await push_once();
  }
}

schema::Result<void> Session::replace(const StateFile& wanted) {
  if (journal_) throw std::logic_error("a state is replaced before any run");
  auto done = put_aside(place_, base_.exists ? &state_ : nullptr);
  if (done) done = replace_file(place_.files, place_.snapshot(), write_snapshot(wanted));
  if (!done) return done;
  state_ = wanted;
  pushed_serial_.reset();
  return {};
}

async::Task<schema::Result<void>> Session::end() {
  if (!lock_) co_return schema::Result<void>();
  auto done = end_run();
  if (!remote_) {
    release_lock();
    co_return done;
  }
  push_failure_.reset();
  schema::Result<void> pushed;
  if (!state_.lineage.empty()) pushed = co_await push_up_to(state_.serial);
  if (!pushed) {
    // The lock stays on the server: nobody else shall go on from the older state. The next run of
    // this machine takes it up, since the text of the lock stays as well.
    lock_.reset();
    auto problem = pushed.error();
    problem.detail += fmt::format(
        " {0} has an older state than this machine{1}. Nothing is lost: '{2}' holds everything. "
        "The "
        "next run on this machine sends it, or says why not; where this machine does not last, "
        "keep that file and "
        "run `pveplan state push FILE` elsewhere. Until then the lock stays on the server (lock "
        "{3}).",
        remote_->address(), done ? "" : ", whose folder could not be written either",
        place_.snapshot(), info_.id);
    co_return std::unexpected(problem);
  }
  auto unlocked = co_await remote_->unlock();
  if (unlocked) {
    release_lock();
    co_return done;
  }
  lock_.reset();
  auto problem = unlocked.error();
  problem.detail += fmt::format(
      " Everything is stored, but the lock stays: `pveplan state unlock {}` takes it away.",
      info_.id);
  co_return std::unexpected(done ? problem : done.error());
}

}  // namespace pveplan::state
