#pragma once

#include "engine/patience.hpp"
#include "engine/services.hpp"
#include "providers/core/context.hpp"
#include "state/session.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::engine {

/// Answers of reads that several resources of one refresh share.
class SharedReads {
 public:
  explicit SharedReads(core::Api* api) : api_(api) {}
  async::Task<core::ApiResult> get(std::string path, core::Parameters query);

 private:
  struct Entry;
  core::Api* api_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

/// Reads for providers outside of any step: refresh, and settling open intents. Has no way to
/// write.
class ReadContext : public core::ContextBackend, private core::ProgressSink {
 public:
  ReadContext(const Services& services, const model::ClusterFacts& cluster,
              const state::StateFile& state, std::string topology, SharedReads* shared);

  async::Task<core::ApiResult> read(std::string path, core::Parameters query) override;
  async::Task<core::ApiResult> read_shared(std::string path, core::Parameters query) override;
  async::Task<core::WriteResult> write(core::Write write) override;
  async::Task<core::TaskEnd> wait_for_task(std::string upid) override;
  async::Task<core::TaskEnd> look_at_task(std::string upid) override;
  async::Task<void> pause(std::chrono::milliseconds duration) override;
  async::Task<std::expected<std::string, std::string>> greeting(
      std::string address, int port, std::chrono::milliseconds patience) override;
  async::Task<std::expected<void, std::string>> connect(
      std::string address, int port, std::chrono::milliseconds patience) override;
  void progress(std::string text) override;
  const model::ClusterFacts& cluster() const override { return cluster_; }
  const model::Row* row(const schema::ResourceAddress& address) const override {
    return state_.row(address);
  }
  std::vector<const model::Row*> rows_of(std::string_view type) const override;
  std::string nonce() const override { return {}; }
  std::string topology() const override { return topology_; }

 protected:
  void percent(int percent) override;
  void silent(const std::string& text) override;

  const Services& services_;
  const model::ClusterFacts& cluster_;
  const state::StateFile& state_;
  std::string topology_;
  SharedReads* shared_;
};

/// What a provider's step works through: its write() journals the intent, makes it durable, sends,
/// records the UPID and waits.
class StepContext final : public ReadContext {
 public:
  StepContext(const Services& services, const model::ClusterFacts& cluster, state::Session& session,
              std::string topology, const model::Step& step);

  async::Task<core::WriteResult> write(core::Write write) override;
  void progress(std::string text) override;
  async::Task<schema::Result<std::string>> secret(std::string path) override;
  std::string nonce() const override { return nonce_; }

  /// The intent that the step's write opened; nullopt when nothing was written.
  std::optional<state::IntentId> intent() const { return intent_; }
  /// The intent as its last request left it: an earlier one of the same step has been settled.
  model::Intent as_last_sent(model::Intent intent) const;
  /// `patience` may be null and must outlive the context: how long the step may wait.
  void limit(const Patience* patience) { patience_ = patience; }
  /// What kind of failure the last write met, if it met one.
  std::optional<core::ApiFailure> failure() const { return failure_; }
  /// The last write ended without anybody knowing how.
  bool outcome_unknown() const { return unknown_; }
  /// Why the task of the last write is no longer waited for: who fell silent, or which limit is
  /// over; empty while nothing of that happened.
  const std::string& silence() const { return silence_; }
  /// The journal could not be written: nothing may be sent any more.
  bool journal_failed() const { return journal_failed_; }
  /// Forgets that the last outcome was unknown, before the same step is run again.
  void clear_unknown() { unknown_ = false; }

 private:
  async::Task<schema::Result<void>> open_intent(schema::Value remember);
  async::Task<core::ApiResult> send(core::ApiRequest request);
  async::Task<core::WriteResult> wait_for_end(core::ApiAnswer answer);

  std::chrono::milliseconds lock_patience() const;
  async::Task<std::optional<core::TaskEnd>> wait_within_limit(std::string upid);

  state::Session& session_;
  const model::Step& step_;
  std::string nonce_;
  std::optional<state::IntentId> intent_;
  std::string sent_at_;  ///< the server's clock before the last request
  std::string upid_;     ///< that the last request answered
  std::string silence_;
  const Patience* patience_ = nullptr;
  std::optional<core::ApiFailure> failure_;
  bool unknown_ = false;
  bool journal_failed_ = false;
};

}  // namespace pveplan::engine
