#include "state/session.hpp"
#include "state/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

/// Beginning and end of a run, and what lies on the disk between: snapshot, journal, backups.
namespace pveplan::state {
namespace {

/// The `end` record must fit even when the disk is full.
constexpr std::uint64_t kEndRoom = 256;

}  // namespace

schema::Result<void> Session::begin_run(const RunOrigin& origin) {
  if (!lock_) throw std::logic_error("a session has one run and ends with it");
  if (existed_ || journal_) {
    const auto& topology = origin.topology.empty() ? state_.topology : origin.topology;
    const auto& cluster = origin.cluster.empty() ? state_.cluster : origin.cluster;
    if (auto done = check_origin(state_, topology, cluster); !done) return done;
  } else if (auto done = write_first_snapshot(origin); !done) {
    return done;
  }
  if (!journal_) {
    if (auto done = open_journal(); !done) return done;
    if (auto done = journal_->reserve(kEndRoom); !done) return done;
  }
  if (auto done = record_cluster(origin); !done) return done;
  return flush();
}

schema::Result<void> Session::write_first_snapshot(const RunOrigin& origin) {
  state_.topology = origin.topology;
  state_.cluster = origin.cluster;
  state_.cluster_name = origin.cluster_name;
  state_.lineage = place_.random.hex(16);
  state_.program = place_.program;
  const auto bytes = write_snapshot(state_);
  auto done = prepare_file(place_.files, place_.snapshot(), bytes);
  return done ? commit_snapshot(bytes) : done;
}

/// Trusts nothing of what an earlier process left behind, since it may have died before it synced,
/// or after a sync that failed. The folders and the name of the snapshot are synced again; the
/// journal is always a new file, so that no torn or unsynced record stays in it.
schema::Result<void> Session::open_journal() {
  if (auto done = sync_above(place_.files, place_.directory); !done) return done;
  if (auto synced = place_.files.sync_directory(place_.directory); !synced) {
    return std::unexpected(cannot("State cannot be written", synced.error()));
  }
  const bool goes_on = state_.serial > base_.snapshot_serial;
  const auto records = std::exchange(base_.journal, std::string());
  return start_journal((goes_on ? records : "") + frame(write_record(run_record())));
}

schema::Result<void> Session::start_journal(const std::string& records) {
  if (auto done = replace_file(place_.files, place_.journal(), records); !done) return done;
  auto file = place_.files.open_append(place_.journal(), kFileMode);
  if (!file) return std::unexpected(cannot("State cannot be written", file.error()));
  journal_.emplace(std::move(*file), records.size());
  compact_at_ = std::max(place_.limits.smallest_journal, base_.snapshot_bytes);
  return {};
}

Record Session::run_record() const {
  RunStarted run;
  run.lineage = state_.lineage;
  run.base_serial = base_.snapshot_serial;
  run.base_hash = base_.snapshot_hash;
  run.id = info_.id;
  run.operation = info_.operation;
  run.who = info_.who;
  run.program = place_.program;
  run.time = place_.now();
  return {state_.serial, std::move(run)};
}

schema::Result<void> Session::record_cluster(const RunOrigin& origin) {
  Edited record;
  if (!origin.cluster.empty() && origin.cluster != state_.cluster) record.cluster = origin.cluster;
  if (!origin.cluster_name.empty() && origin.cluster_name != state_.cluster_name) {
    record.cluster_name = origin.cluster_name;
  }
  if (!record.cluster && !record.cluster_name) return {};
  record.description = "the cluster as this run sees it";
  return commit({0, std::move(record)});
}

schema::Result<void> Session::save_backup() {
  if (backed_up_ || base_.snapshot_serial == 0) return {};
  if (auto done = make_folder(place_.files, place_.backups()); !done) return done;
  const auto previous = place_.files.read(place_.snapshot());
  if (!previous) return std::unexpected(cannot("State cannot be read", previous.error()));
  const auto path = place_.backup(base_.snapshot_serial);
  if (auto done = replace_file(place_.files, path, *previous); !done) return done;
  backed_up_ = true;
  prune_backups(place_);
  return {};
}

schema::Result<void> Session::prepare_snapshot(const std::string& bytes) {
  if (auto done = save_backup(); !done) return done;
  return prepare_file(place_.files, place_.snapshot(), bytes);
}

schema::Result<void> Session::commit_snapshot(const std::string& bytes) {
  if (auto done = commit_file(place_.files, place_.snapshot()); !done) return done;
  base_ = StoreContent();
  base_.exists = true;
  base_.snapshot_hash = snapshot_hash(bytes);
  base_.snapshot_serial = state_.serial;
  base_.snapshot_bytes = bytes.size();
  return {};
}

void Session::compact_when_large() {
  if (journal_->size() < compact_at_ || state_.serial == base_.snapshot_serial) return;
  state_.program = place_.program;
  const auto bytes = write_snapshot(state_);
  if (!prepare_snapshot(bytes)) {
    compact_at_ = 2 * journal_->size();  // the journal is whole and goes on; finish() will tell
    return;
  }
  // From here on records in the old journal may not count any more.
  const auto reserved = journal_->reserved();
  auto done = commit_snapshot(bytes);
  if (done) done = start_journal(frame(write_record(run_record())));
  if (!done) return fail(done.error());
  (void)journal_->reserve(reserved);  // without room the journal takes no new intents
}

schema::Result<void> Session::end_run() {
  auto done = journal_ ? finish_run() : schema::Result<void>();
  journal_.reset();
  return done;
}

void Session::release_lock() {
  if (!lock_) return;
  (void)place_.files.write(place_.lock(), "", kFileMode);  // old words in a free lock do no harm
  lock_.reset();
}

schema::Result<void> Session::finish() {
  if (remote_) throw std::logic_error("the state of a server ends with end()");
  auto done = end_run();
  release_lock();
  return done;
}

schema::Result<void> Session::finish_run() {
  schema::Result<void> journaled;
  const Record end{state_.serial, RunEnded{place_.now()}};
  if (failure_) {
    journaled = std::unexpected(*failure_);
  } else {
    journal_->release(kEndRoom);
    journaled = commit(end);
    if (journaled) journaled = flush();
  }
  if (state_.serial == base_.snapshot_serial) return journaled;

  state_.program = place_.program;
  const auto bytes = write_snapshot(state_);
  auto saved = prepare_snapshot(bytes);
  if (saved) saved = commit_snapshot(bytes);
  if (saved) {
    // Without a new journal the old one counts as absorbed, and the next run begins a new one.
    (void)replace_file(place_.files, place_.journal(),
                       frame(write_record(run_record())) + frame(write_record(end)));
    return {};
  }
  auto problem = saved.error();
  problem.detail +=
      journaled ? " Nothing is lost: the journal holds every change, and the next run takes it up."
                : " The latest changes are not on the disk. The next run looks at the server for "
                  "every operation that was under way; keep the folder as it is.";
  return std::unexpected(problem);
}

}  // namespace pveplan::state
