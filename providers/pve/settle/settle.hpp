#pragma once

#include "model/intent.hpp"
#include "model/step.hpp"
#include "providers/core/context.hpp"
#include "providers/core/resource_type.hpp"

#include <chrono>
#include <string>

/// What all resource types share when they run steps and settle open intents (ENGINEERING 3).
namespace pveplan::pve {

/// Tells when a request that was sent, but of which nothing is to be seen, can have no effect any
/// more: a good 30 s of the server's time after its intent was opened.
class SettleClock {
 public:
  explicit SettleClock(const model::Intent& intent);
  /// `server_time` of the read that found nothing; answers without one count as 2 s each.
  bool has_settled(const std::string& server_time);
  static constexpr std::chrono::milliseconds kPause{2000};

 private:
  std::string opened_;
  std::int64_t looks_ = 0;
};

/// The server's clock as told by an answer, good or bad.
const std::string& server_time_of(const core::ApiResult& answer);

/// Which of our own Proxmox tasks runs now, of that type and about that id, and not started before
/// the intent was opened. Answers its UPID, or nothing.
async::Task<std::expected<std::optional<std::string>, core::ApiError>> our_running_task(
    core::Context context, std::string node, std::string type, std::string id,
    model::Intent intent);

/// How an intent's task stands, after waiting for it: the journaled one, else one of ours that runs
/// now.
class TaskTrace {
 public:
  TaskTrace() {}
  bool failed = false;  ///< the journaled task certainly failed
  bool open = false;    ///< it runs, and could not be waited for
  std::string reason;   ///< of `open`
};
async::Task<TaskTrace> follow_task(core::Context context, std::string node, std::string type,
                                   std::string id, model::Intent intent);

/// A failure that says nothing about the object: it stays open, or unreadable.
model::StillOpen still_open(const core::ApiError& error);
model::Unreadable unreadable(const core::ApiError& error);

/// The error of a write that did not end as `done`. For an unknown outcome the engine asks
/// resolve(), so the text is only seen where even that cannot tell.
schema::Diagnostic diagnostic_of(const core::WriteResult& result,
                                 const schema::ResourceAddress& address);

model::Step make_step(const schema::ResourceAddress& address, std::string operation,
                      schema::Value arguments, std::string summary);
/// A step argument; null when it is not there.
schema::Value argument(const schema::Value& arguments, std::string_view name);

}  // namespace pveplan::pve
