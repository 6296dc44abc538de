#pragma once

#include "model/cluster.hpp"
#include "model/intent.hpp"
#include "model/row.hpp"
#include "providers/core/api.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::core {

/// How a write ended.
class WriteResult {
 public:
  enum class Status {
    done,     ///< answered with success; its Proxmox task, if any, ended OK or with warnings
    failed,   ///< definitely refused or its task failed
    unknown,  ///< nobody knows: the engine asks resolve()
  };
  WriteResult() {}
  Status status = Status::unknown;
  schema::Value data;  ///< of the answer; the UPID for calls that fork a task
  std::string upid;
  bool warnings = false;                  ///< the task ended with WARNINGS: read back
  ApiError error;                         ///< when failed
  std::string log_excerpt;                ///< the task's last lines, when it failed
  schema::Diagnostic diagnostic() const;  ///< for `failed`
};

/// One write as a provider describes it.
class Write {
 public:
  explicit Write(ApiRequest request_) : request(std::move(request_)) {}
  ApiRequest request;
  bool forks_task = false;  ///< the answer is a UPID that must be waited for
  /// A secret to add as a parameter after everything was journaled: name and value.
  Parameters secret_parameters;
  /// Joins the intent's arguments as `remember`: what resolve() needs beyond the step, such as the
  /// digest that was read just before.
  schema::Value remember;
};

/// How a Proxmox task ended.
class TaskEnd {
 public:
  TaskEnd() {}
  enum class State { running, ok, warnings, failed, unknown } state = State::unknown;
  std::string exit_status;
  std::vector<std::string> last_lines;
  /// Of `unknown`, when waiting was given up since nobody answered: who, and for how long.
  std::string silence;
};

/// Hears how far a watched task is.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void percent(int percent) = 0;
  /// Who does not answer, since when and why; empty: the answers are back.
  virtual void silent(const std::string& text) = 0;
};

/// Waits for Proxmox tasks on behalf of everybody.
class Tasks {
 public:
  virtual ~Tasks() = default;
  /// Until the task has ended. `unknown`: nobody can tell how. `progress` may be null and must
  /// outlive the wait.
  virtual async::Task<TaskEnd> wait(std::string upid, ProgressSink* progress) = 0;
  /// How the task stands now.
  virtual async::Task<TaskEnd> look(std::string upid) = 0;
};

/// What the engine does on behalf of a provider. The only implementation lives in the engine: its
/// write() journals the intent, sends, records the UPID, waits, and so is the only way to write.
class ContextBackend {
 public:
  virtual ~ContextBackend() = default;
  virtual async::Task<ApiResult> read(std::string path, Parameters query) = 0;
  virtual async::Task<ApiResult> read_shared(std::string path, Parameters query) = 0;
  virtual async::Task<WriteResult> write(Write write) = 0;
  virtual async::Task<TaskEnd> wait_for_task(std::string upid) = 0;
  virtual async::Task<TaskEnd> look_at_task(std::string upid) = 0;
  virtual async::Task<void> pause(std::chrono::milliseconds duration) = 0;
  /// The text behind a secret attribute of the step's resource ("cloud_init.password"), in the form
  /// in which it is sent: a password is crypted already.
  virtual async::Task<schema::Result<std::string>> secret(std::string path);
  /// What a server that speaks first says, such as an SSH server; or why nothing is heard.
  virtual async::Task<std::expected<std::string, std::string>> greeting(
      std::string address, int port, std::chrono::milliseconds patience);
  /// Whether something accepts connections there; or why not.
  virtual async::Task<std::expected<void, std::string>> connect(std::string address, int port,
                                                                std::chrono::milliseconds patience);
  virtual void progress(std::string text) = 0;
  virtual const model::ClusterFacts& cluster() const = 0;
  virtual const model::Row* row(const schema::ResourceAddress& address) const = 0;
  virtual std::vector<const model::Row*> rows_of(std::string_view type) const = 0;
  virtual std::string nonce() const = 0;
  virtual std::string topology() const = 0;
};

/// A one-pointer handle, passed by value, to what a provider may use.
class Context {
 public:
  explicit Context(ContextBackend& backend) : backend_(&backend) {}

  async::Task<ApiResult> read(std::string path, Parameters query = {}) const {
    return backend_->read(std::move(path), std::move(query));
  }
  /// The same read by several resources of one refresh is sent once.
  async::Task<ApiResult> read_shared(std::string path, Parameters query = {}) const {
    return backend_->read_shared(std::move(path), std::move(query));
  }
  /// Journals, sends, waits. At most one write a step: a step is one provider call.
  async::Task<WriteResult> write(Write write) const { return backend_->write(std::move(write)); }
  async::Task<TaskEnd> wait_for_task(std::string upid) const {
    return backend_->wait_for_task(std::move(upid));
  }
  /// Without waiting.
  async::Task<TaskEnd> look_at_task(std::string upid) const {
    return backend_->look_at_task(std::move(upid));
  }
  async::Task<void> pause(std::chrono::milliseconds duration) const {
    return backend_->pause(duration);
  }
  async::Task<schema::Result<std::string>> secret(std::string path) const {
    return backend_->secret(std::move(path));
  }
  async::Task<std::expected<std::string, std::string>> greeting(
      std::string address, int port, std::chrono::milliseconds patience) const {
    return backend_->greeting(std::move(address), port, patience);
  }
  async::Task<std::expected<void, std::string>> connect(std::string address, int port,
                                                        std::chrono::milliseconds patience) const {
    return backend_->connect(std::move(address), port, patience);
  }
  void progress(std::string text) const { backend_->progress(std::move(text)); }
  const model::ClusterFacts& cluster() const { return backend_->cluster(); }
  /// What the state knows of a resource now; nullptr when nothing.
  const model::Row* row(const schema::ResourceAddress& address) const {
    return backend_->row(address);
  }
  /// All that the state knows of a type now: to tell own work from that of others.
  std::vector<const model::Row*> rows_of(std::string_view type) const {
    return backend_->rows_of(type);
  }
  /// Of this step's intent: goes into the marker of what it creates.
  std::string nonce() const { return backend_->nonce(); }
  std::string topology() const { return backend_->topology(); }

 private:
  ContextBackend* backend_;
};

}  // namespace pveplan::core
