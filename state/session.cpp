#include "state/session.hpp"

#include "state/stored_form.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace pveplan::state {
namespace {

/// Room for an intent, its `started` and its outcome. A row takes about 600 bytes; it may hold the
/// intent's arguments again, and what an operation adds to a row is seldom larger than they are.
std::uint64_t room_for(const std::string& framed_intent) {
  constexpr std::uint64_t kSmallest = 8U << 10U;
  return kSmallest + 3 * framed_intent.size();
}

/// Of several outcomes for one address the last one counts.
Delta delta_of(const std::vector<model::Outcome>& outcomes, const ValueDigest& digest) {
  std::map<schema::ResourceAddress, const std::optional<model::Row>*> last;
  Delta delta;
  for (const auto& outcome : outcomes) {
    last[outcome.address] = &outcome.row;
    delta.retired_vmids.insert(delta.retired_vmids.end(), outcome.retired_vmids.begin(),
                               outcome.retired_vmids.end());
  }
  for (const auto& [address, row] : last) {
    if (row->has_value()) {
      delta.rows.push_back({stored_form(**row, digest), {}});
      delta.rows.back().row.address = address;
    } else {
      delta.removed.push_back(address);
    }
  }
  return delta;
}

schema::Value unknown_of(const StateFile& state, const schema::ResourceAddress& address) {
  const auto at = state.unknown.rows.find(address);
  return at == state.unknown.rows.end() ? schema::Value() : at->second;
}

Delta difference(const StateFile& from, const StateFile& to, const ValueDigest& digest) {
  Delta delta;
  for (const auto& [address, row] : from.rows) {
    if (!to.rows.contains(address)) delta.removed.push_back(address);
  }
  for (const auto& [address, row] : to.rows) {
    const auto* before = from.row(address);
    const auto unknown = unknown_of(to, address);
    if (before == nullptr || *before != row || unknown_of(from, address) != unknown) {
      delta.rows.push_back({stored_form(row, digest), unknown});
    }
  }
  std::set_difference(to.retired_vmids.begin(), to.retired_vmids.end(), from.retired_vmids.begin(),
                      from.retired_vmids.end(), std::back_inserter(delta.retired_vmids));
  return delta;
}

std::optional<std::string> changed(const std::string& from, const std::string& to) {
  return from == to ? std::nullopt : std::optional(to);
}

}  // namespace

Session::Session(StorePlace place, std::unique_ptr<async::FileLock> lock, LockInfo info,
                 StoreContent content)
    : place_(std::move(place)),
      lock_(std::move(lock)),
      info_(std::move(info)),
      state_(std::move(content.state)),
      base_(std::move(content)),
      existed_(base_.exists) {}

Session::~Session() {
  if (loop_ != nullptr) loop_->set_before_poll(nullptr);
}

void Session::attach(async::Loop& loop) {
  loop_ = &loop;
  loop.set_before_poll(this);
}

void Session::fail(const schema::Diagnostic& problem) {
  if (!failure_) failure_ = problem;
}

schema::Result<void> Session::commit(Record record) {
  if (!journal_) throw std::logic_error("a state changes only between begin_run() and finish()");
  record.serial = state_.serial + (changes_content(record) ? 1 : 0);
  const auto framed = frame(write_record(record));
  if (const auto* opened = std::get_if<IntentOpened>(&record.body)) {
    if (auto done = journal_->reserve(room_for(framed)); !done) return done;
    reserved_[opened->intent.id] = room_for(framed);
  }
  if (auto applied = apply(record, state_); !applied) return applied;
  ++appended_;
  auto appended = journal_->append(framed);
  if (!appended) fail(appended.error());
  return appended;
}

schema::Result<IntentId> Session::open_intent(model::Intent intent) {
  if (failure_) return std::unexpected(*failure_);
  if (push_failure_) return std::unexpected(*push_failure_);
  const auto id = state_.next_intent;
  intent.id = id;
  auto done = commit({0, IntentOpened{stored_form(std::move(intent), digest_), {}}});
  if (!done) return std::unexpected(done.error());
  return id;
}

schema::Result<void> Session::started(IntentId id, std::string upid) {
  return commit({0, TaskStarted{id, std::move(upid)}});
}

schema::Result<void> Session::outcome(const std::vector<IntentId>& closes,
                                      const std::vector<model::Outcome>& outcomes) {
  auto done = commit({0, OutcomeKnown{closes, delta_of(outcomes, digest_)}});
  for (const auto id : closes) close(id);
  return done;
}

schema::Result<void> Session::outcome(const std::vector<IntentId>& closes, model::Outcome outcome) {
  return this->outcome(closes, std::vector<model::Outcome>{std::move(outcome)});
}

schema::Result<void> Session::resolved(IntentId id, std::string text,
                                       const std::optional<model::Outcome>& outcome) {
  IntentResolved record{id, std::move(text), {}};
  if (outcome) record.delta = delta_of({*outcome}, digest_);
  auto done = commit({0, std::move(record)});
  close(id);
  return done;
}

schema::Result<void> Session::edit(std::string description, const StateFile& wanted) {
  Edited record;
  record.delta = difference(state_, wanted, digest_);
  record.topology = changed(state_.topology, wanted.topology);
  record.cluster = changed(state_.cluster, wanted.cluster);
  record.cluster_name = changed(state_.cluster_name, wanted.cluster_name);
  std::set_difference(state_.retired_vmids.begin(), state_.retired_vmids.end(),
                      wanted.retired_vmids.begin(), wanted.retired_vmids.end(),
                      std::back_inserter(record.unretired_vmids));
  if (record == Edited()) return {};
  record.description = std::move(description);
  return commit({0, std::move(record)});
}

void Session::close(IntentId id) {
  const auto at = reserved_.find(id);
  if (at == reserved_.end()) return;
  journal_->release(at->second);
  reserved_.erase(at);
}

async::Task<schema::Result<void>> Session::durable() {
  const auto wanted = appended_;
  if (failure_) co_return std::unexpected(*failure_);
  if (loop_ == nullptr) co_return flush();
  if (durable_ < wanted) {
    sync_wanted_ = true;
    synced_.reset();
    co_await synced_.wait();
  }
  if (durable_ < wanted) co_return std::unexpected(*failure_);
  co_return schema::Result<void>();
}

void Session::before_poll() {
  if (!sync_wanted_) return;
  sync_wanted_ = false;
  (void)flush();  // those who wait look at failure_ themselves
  synced_.set();
}

schema::Result<void> Session::flush() {
  if (failure_) return std::unexpected(*failure_);
  if (!journal_) return {};
  if (auto synced = journal_->sync(); !synced) {
    fail(synced.error());
    return synced;
  }
  durable_ = appended_;
  compact_when_large();
  return {};
}

}  // namespace pveplan::state
