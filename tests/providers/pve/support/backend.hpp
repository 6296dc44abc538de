#pragma once

#include "providers/async/sleep.hpp"
#include "providers/core/context.hpp"
#include "providers/pve/task/task_watcher.hpp"

#include <map>

namespace pveplan::pve::test {

/// A Context without a journal: writes go straight to the API, tasks are waited for.
class PlainBackend final : public core::ContextBackend {
 public:
  explicit PlainBackend(core::Api& api) : api_(api), tasks_(api) {}

  async::Task<core::ApiResult> read(std::string path, core::Parameters query) override {
    return api_.get(std::move(path), std::move(query));
  }
  async::Task<core::ApiResult> read_shared(std::string path, core::Parameters query) override {
    return api_.get(std::move(path), std::move(query));
  }
  async::Task<core::WriteResult> write(core::Write write) override;
  async::Task<core::TaskEnd> wait_for_task(std::string upid) override {
    return tasks_.wait(std::move(upid), nullptr);
  }
  async::Task<core::TaskEnd> look_at_task(std::string upid) override {
    return tasks_.look(std::move(upid));
  }
  async::Task<void> pause(std::chrono::milliseconds duration) override {
    co_await async::sleep_for(duration);
  }
  void progress(std::string) override {}
  const model::ClusterFacts& cluster() const override { return facts; }
  const model::Row* row(const schema::ResourceAddress& address) const override {
    const auto at = rows.find(address);
    return at == rows.end() ? nullptr : &at->second;
  }
  std::vector<const model::Row*> rows_of(std::string_view type) const override {
    std::vector<const model::Row*> found;
    for (const auto& [address, row] : rows) {
      if (address.type == type) found.push_back(&row);
    }
    return found;
  }
  std::string nonce() const override { return nonce_value; }
  std::string topology() const override { return "lab"; }

  /// Forgets the last step's write, and draws another nonce.
  void begin(const model::Step& step);
  /// The intent of the step's write, as the journal would have it.
  const model::Intent& intent() const { return intent_; }
  /// Whether the last write ended without anybody knowing how.
  bool outcome_unknown() const { return unknown_; }
  void clear_unknown() { unknown_ = false; }

  model::ClusterFacts facts;
  std::map<schema::ResourceAddress, model::Row> rows;
  std::string nonce_value = "n0nce";

 private:
  core::Api& api_;
  TaskWatcher tasks_;
  model::Intent intent_;
  bool unknown_ = false;
  int steps_ = 0;
};

}  // namespace pveplan::pve::test
