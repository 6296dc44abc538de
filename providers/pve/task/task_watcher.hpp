#pragma once

#include "providers/core/context.hpp"
#include "providers/pve/task/upid.hpp"

#include <map>
#include <memory>
#include <string>

namespace pveplan::pve {

/// Waits for Proxmox tasks. One poll a node serves everybody who waits for a task of that node
/// (FACTS, "Checked on running" 1); a task that the listing does not show is asked for by itself.
/// Whoever comes first polls on behalf of the others, and hands over when its own task has ended.
/// A node that has not answered for 5 minutes is given up: who waits for it later asks once more.
class TaskWatcher final : public core::Tasks {
 public:
  explicit TaskWatcher(core::Api& api) : api_(api) {}
  TaskWatcher(const TaskWatcher&) = delete;
  TaskWatcher& operator=(const TaskWatcher&) = delete;

  /// `unknown`: the node is gone, the task was killed, or it is forgotten.
  async::Task<core::TaskEnd> wait(std::string upid, core::ProgressSink* progress) override;
  async::Task<core::TaskEnd> look(std::string upid) override;

 private:
  class NodeWatch;
  class Registration;
  class Leadership;
  using NodeWatchPtr = std::shared_ptr<NodeWatch>;

  async::Task<void> wait_for_end(NodeWatchPtr node, std::string upid, core::ProgressSink* progress);
  async::Task<void> poll(NodeWatchPtr node);
  /// A poll that was begun at `asked` failed.
  void note_silence(NodeWatch& node, std::chrono::nanoseconds asked, const core::ApiError& error);
  async::Task<void> ask_for_the_unlisted(NodeWatchPtr node);
  async::Task<core::TaskEnd> ask(Upid upid);
  /// Reports the log's lines from `seen` on; answers how many there are now.
  async::Task<std::int64_t> report_progress(Upid upid, std::int64_t seen, core::ProgressSink* sink);
  async::Task<core::TaskEnd> with_log(Upid upid, core::TaskEnd end);
  NodeWatchPtr watch_of(const std::string& node);

  core::Api& api_;
  std::map<std::string, NodeWatchPtr> nodes_;  ///< kept: silence is remembered
};

}  // namespace pveplan::pve
