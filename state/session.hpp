#pragma once

#include "model/intent.hpp"
#include "providers/async/event.hpp"
#include "providers/async/host.hpp"
#include "providers/async/loop.hpp"
#include "schema/diagnostic.hpp"
#include "state/journal_writer.hpp"
#include "state/lock_info.hpp"
#include "state/record.hpp"
#include "state/remote_end.hpp"
#include "state/store_reader.hpp"
#include "state/stored_form.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::state {

/// Whose state is about to be written. An empty cluster skips that check: for commands that only
/// edit the state.
struct RunOrigin {
  std::string topology;
  std::string cluster;
  std::string cluster_name;
};

/// Exclusive use of a state, from the lock to finish(). Every change is applied in memory and
/// appended to the journal at once; it is on the disk when durable() or flush() has answered.
///
/// After an append or a sync has failed the session takes no new intents and durable() always
/// answers that error; outcomes are still taken, since finish() saves them if the disk recovers.
/// The destructor touches no file: a session that is dropped looks like a crash.
///
/// The state of a server has its journal on this machine all the same. Its open intents are there
/// before announced() answers, and everything before end() does.
class Session final : public async::TurnHook {
 public:
  Session(StorePlace place, std::unique_ptr<async::FileLock> lock, LockInfo info,
          StoreContent content);
  ~Session() override;
  /// For a state on a server, which has it as of `pushed_serial`; nullopt: it has none.
  void keep_at(std::unique_ptr<RemoteEnd> remote, std::optional<std::uint64_t> pushed_serial);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const StateFile& state() const { return state_; }
  const std::map<IntentId, model::Intent>& open_intents() const { return state_.open_intents; }
  /// There was a state before this session.
  bool existed() const { return existed_; }

  /// What a person should know about how the session came about.
  schema::Diagnostics warnings;
  /// Why the state could not be read, when it was asked for only to be replaced.
  std::optional<schema::Diagnostic> unreadable;

  /// Lets durable() share one sync a turn of this loop. The loop must outlive the session.
  void attach(async::Loop& loop);

  /// Rows and intents hold what this makes of a secret, instead of nothing. For secrets that a
  /// topology puts into attributes.
  void remember_secrets_by(ValueDigest digest) { digest_ = std::move(digest); }

  /// Must come before the first change: makes the first snapshot where there is none, and a journal
  /// that continues it. Refuses the state of another topology or cluster. A second call only checks
  /// that, and takes the cluster where there was none.
  schema::Result<void> begin_run(const RunOrigin& origin);

  /// Takes an intent, gives it its number (whatever `intent.id` is) and returns that. Not durable
  /// yet: the request may be sent after durable() has answered.
  schema::Result<IntentId> open_intent(model::Intent intent);
  /// The server has answered with a task.
  schema::Result<void> started(IntentId id, std::string upid);
  /// What operations did; closes their intents. Without intents: for what needs no request.
  schema::Result<void> outcome(const std::vector<IntentId>& closes,
                               const std::vector<model::Outcome>& outcomes);
  schema::Result<void> outcome(const std::vector<IntentId>& closes, model::Outcome outcome);
  /// An intent was settled by looking at the server; `text` says how, for people.
  schema::Result<void> resolved(IntentId id, std::string text,
                                const std::optional<model::Outcome>& outcome = std::nullopt);
  /// Makes rows, retired ids, topology and cluster those of `wanted`; other members stay. Appends
  /// nothing when they are so already.
  schema::Result<void> edit(std::string description, const StateFile& wanted);

  /// Answers when everything that was appended before the call is on the disk.
  async::Task<schema::Result<void>> durable();
  /// The same at once, for code without a loop.
  schema::Result<void> flush();
  /// durable(), and on a server too where the state is kept on one: must come between an intent and
  /// its request, since only then another machine can go on after this one.
  async::Task<schema::Result<void>> announced();
  /// Sends the state to its server every 20 s when it has changed; runs until it is dropped.
  /// Returns at once where there is no server.
  async::Task<void> push_regularly();

  /// Puts another state in the place of this one, whatever it was; for `state push`. No run may
  /// have begun. What was there becomes a backup.
  schema::Result<void> replace(const StateFile& wanted);

  /// Writes a new snapshot when anything has changed, ends the run and gives the lock back. After
  /// an error the journal still holds what had become durable. Only for a state in a folder.
  schema::Result<void> finish();
  /// The same for any state; a server gets the snapshot and its lock back. Does nothing the second
  /// time.
  async::Task<schema::Result<void>> end();

 private:
  void before_poll() override;

  /// Gives the record the serial that is next, applies it and appends it. An intent only when there
  /// is room for what must follow it.
  schema::Result<void> commit(Record record);
  Record run_record() const;
  void close(IntentId id);
  async::Task<schema::Result<void>> push_up_to(std::uint64_t serial);
  async::Task<schema::Result<void>> push_once();
  schema::Result<void> end_run();
  void release_lock();
  void fail(const schema::Diagnostic& problem);

  schema::Result<void> write_first_snapshot(const RunOrigin& origin);
  schema::Result<void> open_journal();
  /// Replaces the journal by one that consists of `records`.
  schema::Result<void> start_journal(const std::string& records);
  schema::Result<void> record_cluster(const RunOrigin& origin);

  schema::Result<void> finish_run();
  schema::Result<void> save_backup();
  schema::Result<void> prepare_snapshot(const std::string& bytes);
  schema::Result<void> commit_snapshot(const std::string& bytes);
  void compact_when_large();

  StorePlace place_;
  std::unique_ptr<async::FileLock> lock_;
  LockInfo info_;
  StateFile state_;
  ValueDigest digest_;
  StoreContent base_;  ///< what lies on the disk, without its state
  bool existed_;
  bool backed_up_ = false;
  std::optional<JournalWriter> journal_;
  std::map<IntentId, std::uint64_t> reserved_;  ///< room for the records that follow an intent
  std::uint64_t compact_at_ = 0;                ///< size of the journal
  std::optional<schema::Diagnostic> failure_;

  std::unique_ptr<RemoteEnd> remote_;
  std::optional<std::uint64_t> pushed_serial_;  ///< what the server has
  std::optional<schema::Diagnostic> push_failure_;
  bool pushing_ = false;
  async::Event pushed_;

  async::Loop* loop_ = nullptr;
  async::Event synced_;
  bool sync_wanted_ = false;
  std::uint64_t appended_ = 0;  ///< records
  std::uint64_t durable_ = 0;   ///< of `appended_`
};

}  // namespace pveplan::state
