#include "providers/pve/task/task_watcher.hpp"

#include "providers/async/event.hpp"
#include "providers/async/sleep.hpp"
#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/task/task_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace pveplan::pve {
namespace {

using core::ApiFailure;
using core::TaskEnd;
using namespace std::chrono_literals;

constexpr auto kFirstDelay = std::chrono::milliseconds(500);
constexpr auto kLongestDelay = std::chrono::milliseconds(2000);
constexpr auto kGiveUpAfter = std::chrono::minutes(5);  // of a node that answers nothing
constexpr auto kProgressEvery = std::chrono::seconds(10);
constexpr std::int64_t kLogLines = 500;

/// Failures that waiting does not cure.
bool is_final(ApiFailure failure) {
  return failure == ApiFailure::unauthorized || failure == ApiFailure::forbidden;
}

/// "The server did not answer for 40 s (https://pve:8006: connection refused)"
std::string silence_text(const std::string& node, const core::ApiError& error,
                         std::chrono::nanoseconds silent) {
  const auto who = error.failure == ApiFailure::node_unreachable ? "Node " + node : "The server";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silent).count();
  const auto time =
      seconds < 120 ? fmt::format("{} s", seconds) : fmt::format("{} minutes", seconds / 60);
  return fmt::format("{} did not answer for {} ({})", who, time, error.words());
}

}  // namespace

/// The tasks of one node for which somebody waits.
class TaskWatcher::NodeWatch {
 public:
  explicit NodeWatch(std::string node) : name(std::move(node)) {}

  struct Watched {
    int waiters = 0;
    std::optional<TaskEnd> end;
  };
  /// Nobody can tell how the tasks end.
  void give_up(const std::string& why) {
    for (auto& [upid, watched] : tasks) {
      if (watched.end) continue;
      watched.end.emplace();
      watched.end->state = TaskEnd::State::unknown;
      watched.end->silence = why;
    }
  }

  std::string name;
  std::map<std::string, Watched> tasks;
  std::set<std::string> unlisted;  ///< of the last listing
  bool led = false;
  async::Event changed;
  std::chrono::milliseconds delay = kFirstDelay;
  std::optional<std::chrono::nanoseconds> silent_since;
  std::string silence;  ///< in words, while it lasts
};

/// One wait for one task; several may wait for the same.
class TaskWatcher::Registration {
 public:
  Registration(NodeWatchPtr node, std::string upid)
      : node_(std::move(node)), upid_(std::move(upid)) {
    ++node_->tasks[upid_].waiters;
    node_->delay = kFirstDelay;
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() {
    const auto at = node_->tasks.find(upid_);
    if (--at->second.waiters == 0) node_->tasks.erase(at);
  }
  const std::optional<TaskEnd>& end() const { return node_->tasks.at(upid_).end; }

 private:
  NodeWatchPtr node_;
  std::string upid_;
};

/// The duty to poll. Given up by the destructor too, so that a cancelled wait does not leave the
/// others waiting for nobody. `changed` stays set while the duty is free, since a follower that is
/// just about to wait would miss a pulse.
class TaskWatcher::Leadership {
 public:
  explicit Leadership(NodeWatchPtr node) : node_(std::move(node)) {
    node_->led = true;
    node_->changed.reset();
  }
  Leadership(const Leadership&) = delete;
  Leadership& operator=(const Leadership&) = delete;
  ~Leadership() {
    node_->led = false;
    if (async::Loop::exists()) node_->changed.set();
  }

 private:
  NodeWatchPtr node_;
};

TaskWatcher::NodeWatchPtr TaskWatcher::watch_of(const std::string& node) {
  auto& held = nodes_[node];
  if (!held) held = std::make_shared<NodeWatch>(node);
  return held;
}

async::Task<TaskEnd> TaskWatcher::wait(std::string upid, core::ProgressSink* progress) {
  const auto parsed = parse_upid(upid);
  if (!parsed) {
    co_return TaskEnd();
  }
  auto node = watch_of(parsed->node);
  Registration registration(node, upid);
  co_await wait_for_end(node, upid, progress);
  auto end = *registration.end();
  if (end.state == TaskEnd::State::failed || end.state == TaskEnd::State::warnings)
    end = co_await with_log(*parsed, end);
  co_return end;
}

async::Task<void> TaskWatcher::wait_for_end(NodeWatchPtr node, std::string upid,
                                            core::ProgressSink* progress) {
  const auto parsed = *parse_upid(upid);
  auto reported = async::Loop::current().now();
  std::int64_t seen = 0;
  bool told_silence = false;
  const auto& watched = node->tasks.at(upid);
  std::optional<Leadership> leadership;
  while (!watched.end) {
    if (!node->led) leadership.emplace(node);
    if (leadership) {
      co_await async::sleep_for(node->delay);
      node->delay = std::min(node->delay * 3 / 2, kLongestDelay);
      co_await poll(node);
      node->changed.pulse();
    } else {
      co_await node->changed.wait();
    }
    if (progress == nullptr || watched.end) continue;
    const bool silent = !node->silence.empty();
    if (silent || told_silence) progress->silent(node->silence);
    told_silence = silent;
    if (silent || async::Loop::current().now() - reported < kProgressEvery) continue;
    reported = async::Loop::current().now();
    seen = co_await report_progress(parsed, seen, progress);
  }
}

async::Task<void> TaskWatcher::poll(NodeWatchPtr node) {
  const auto limit = std::clamp<std::size_t>(node->tasks.size() * 4, 50, 500);
  core::Parameters query;
  query.emplace_back("source", "all");
  query.emplace_back("limit", std::to_string(limit));
  const auto asked = async::Loop::current().now();
  auto answer = co_await api_.get("/nodes/" + percent_encode(node->name) + "/tasks", query);
  if (!answer) {
    note_silence(*node, asked, answer.error());
    co_return;
  }
  node->silent_since.reset();
  node->silence.clear();
  node->unlisted.clear();
  for (const auto& [upid, watched] : node->tasks) {
    if (!watched.end) node->unlisted.insert(upid);
  }
  if (answer->data.kind() == schema::Value::Kind::list) {
    for (const auto& entry : answer->data.as_list()) {
      const auto upid = text_of(entry, "upid");
      const auto at = node->tasks.find(upid);
      if (at == node->tasks.end()) continue;
      node->unlisted.erase(upid);
      const auto status = text_of(entry, "status");
      const bool ended = member(entry, "endtime") != nullptr && !status.empty();
      if (!ended || status == "RUNNING" || at->second.end) continue;
      at->second.end.emplace();
      at->second.end->exit_status = status;
      at->second.end->state = end_state(status);
    }
  }
  co_await ask_for_the_unlisted(node);
}

void TaskWatcher::note_silence(NodeWatch& node, std::chrono::nanoseconds asked,
                               const core::ApiError& error) {
  if (is_final(error.failure)) {
    node.give_up("");
    return;
  }
  if (!node.silent_since) node.silent_since = asked;
  const auto silent = async::Loop::current().now() - *node.silent_since;
  node.silence = silence_text(node.name, error, silent);
  if (silent >= kGiveUpAfter) node.give_up(node.silence);
}

async::Task<void> TaskWatcher::ask_for_the_unlisted(NodeWatchPtr node) {
  const auto asked = node->unlisted;
  for (const auto& upid : asked) {
    auto end = co_await ask(*parse_upid(upid));
    const auto at = node->tasks.find(upid);
    if (at == node->tasks.end() || end.state == TaskEnd::State::running) continue;
    at->second.end = std::move(end);
  }
}

async::Task<TaskEnd> TaskWatcher::ask(Upid upid) {
  TaskEnd end;
  end.state = TaskEnd::State::running;
  auto answer = co_await api_.get(task_path(upid) + "/status", core::Parameters());
  if (!answer) {
    // "no such task" is a 400 on `upid`; a silent node may answer later
    const auto failure = answer.error().failure;
    const bool forgotten = answer.error().status == 400 || is_final(failure);
    if (forgotten) end.state = TaskEnd::State::unknown;
    co_return end;
  }
  if (text_of(answer->data, "status") != "stopped") co_return end;
  end.exit_status = text_of(answer->data, "exitstatus");
  end.state = end_state(end.exit_status);
  co_return end;
}

async::Task<TaskEnd> TaskWatcher::look(std::string upid) {
  const auto parsed = parse_upid(upid);
  if (!parsed) co_return TaskEnd();
  auto end = co_await ask(*parsed);
  if (end.state == TaskEnd::State::failed) end = co_await with_log(*parsed, end);
  co_return end;
}

async::Task<std::int64_t> TaskWatcher::report_progress(Upid upid, std::int64_t seen,
                                                       core::ProgressSink* sink) {
  core::Parameters query;
  query.emplace_back("start", std::to_string(seen));
  query.emplace_back("limit", std::to_string(kLogLines));
  auto answer = co_await api_.get(task_path(upid) + "/log", query);
  if (!answer) co_return seen;
  const auto lines = log_lines(answer->data);
  const auto percent = log_percent(lines);
  if (percent) sink->percent(*percent);
  // the newest line is read again, since the server may still be writing it
  co_return std::max(seen, integer_of(answer->rest, "total", seen + 1) - 1);
}

async::Task<TaskEnd> TaskWatcher::with_log(Upid upid, TaskEnd end) {
  core::Parameters query;
  query.emplace_back("limit", std::to_string(kLogLines));
  auto answer = co_await api_.get(task_path(upid) + "/log", query);
  const auto total = answer ? integer_of(answer->rest, "total") : 0;
  if (total > kLogLines) {
    query.emplace_back("start", std::to_string(total - kLogLines));
    answer = co_await api_.get(task_path(upid) + "/log", query);
  }
  if (!answer) co_return end;
  end.last_lines = log_excerpt(log_lines(answer->data));
  co_return end;
}

}  // namespace pveplan::pve
