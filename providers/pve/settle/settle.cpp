#include "providers/pve/settle/settle.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/task/upid.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

/// 30 s in which an accepted request may take effect, and some for what lies between the answer
/// that told the intent's time and the sending, both in whole seconds.
constexpr std::int64_t kSettleSeconds = 35;

}  // namespace

SettleClock::SettleClock(const model::Intent& intent) : opened_(intent.server_time) {}

bool SettleClock::has_settled(const std::string& server_time) {
  ++looks_;
  const auto opened = epoch_from_rfc3339(opened_);
  const auto now = epoch_from_rfc3339(server_time);
  if (opened && now) return *now - *opened >= kSettleSeconds;
  return std::chrono::milliseconds(kPause) * (looks_ - 1) >= std::chrono::seconds(kSettleSeconds);
}

const std::string& server_time_of(const core::ApiResult& answer) {
  return answer ? answer->server_time : answer.error().server_time;
}

async::Task<std::expected<std::optional<std::string>, core::ApiError>> our_running_task(
    core::Context context, std::string node, std::string type, std::string id,
    model::Intent intent) {
  core::Parameters query;
  query.emplace_back("source", "active");
  query.emplace_back("typefilter", type);
  auto answer = co_await context.read("/nodes/" + percent_encode(node) + "/tasks", query);
  if (!answer) co_return std::unexpected(answer.error());
  std::optional<std::string> found;
  if (answer->data.kind() != schema::Value::Kind::list) co_return found;
  const auto opened = epoch_from_rfc3339(intent.server_time).value_or(0);
  for (const auto& entry : answer->data.as_list()) {
    const auto upid = parse_upid(text_of(entry, "upid"));
    if (!upid || member(entry, "endtime") != nullptr) continue;
    if (upid->type != type || upid->id != id || upid->user != context.cluster().user) continue;
    if (upid->start_time >= opened) found = upid->text;
  }
  co_return found;
}

namespace {

std::string why_open(const core::TaskEnd& end, const std::string& upid) {
  if (end.silence.empty()) return fmt::format("the task {} still runs", upid);
  return fmt::format("{} while the task {} ran", end.silence, upid);
}

}  // namespace

async::Task<TaskTrace> follow_task(core::Context context, std::string node, std::string type,
                                   std::string id, model::Intent intent) {
  using End = core::TaskEnd::State;
  TaskTrace trace;
  if (!intent.upid.empty()) {
    auto end = co_await context.wait_for_task(intent.upid);
    trace.failed = end.state == End::failed;
    trace.open = end.state == End::running || !end.silence.empty();
    trace.reason = why_open(end, intent.upid);
    co_return trace;
  }
  // one that ends without being journaled proves nothing, but its effect is there to be seen
  for (;;) {
    auto running = co_await our_running_task(context, node, type, id, intent);
    if (!running) {
      trace.open = true;
      trace.reason = still_open(running.error()).reason;
      co_return trace;
    }
    if (!running->has_value()) co_return trace;
    auto end = co_await context.wait_for_task(running->value());
    if (end.state != End::running && end.silence.empty()) continue;
    trace.open = true;
    trace.reason = why_open(end, running->value());
    co_return trace;
  }
}

model::StillOpen still_open(const core::ApiError& error) {
  return model::StillOpen{fmt::format("{} failed: {}", error.request, error.words())};
}

model::Unreadable unreadable(const core::ApiError& error) {
  return model::Unreadable{fmt::format("{} failed: {}", error.request, error.words())};
}

schema::Diagnostic diagnostic_of(const core::WriteResult& result,
                                 const schema::ResourceAddress& address) {
  auto diagnostic = result.diagnostic();
  if (result.status == core::WriteResult::Status::unknown) {
    diagnostic = schema::error(
        "Outcome unknown",
        fmt::format("The request for {} was sent, but nobody can tell how it ended: {}. The next "
                    "run looks before it repeats anything.",
                    address.text(), result.error.words()));
  }
  diagnostic.address = address;
  return diagnostic;
}

model::Step make_step(const schema::ResourceAddress& address, std::string operation,
                      schema::Value arguments, std::string summary) {
  model::Step step;
  step.address = address;
  step.operation = std::move(operation);
  step.arguments = std::move(arguments);
  step.summary = std::move(summary);
  return step;
}

schema::Value argument(const schema::Value& arguments, std::string_view name) {
  const auto* found = member(arguments, name);
  return found == nullptr ? schema::Value() : *found;
}

}  // namespace pveplan::pve
