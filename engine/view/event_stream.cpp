#include "engine/view/event_stream.hpp"

#include "engine/view/diagnostic_json.hpp"
#include "engine/view/json_parts.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/text.hpp"
#include "schema/json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace pveplan::view {

using engine::ResourceResult;
using schema::Value;
using Status = ResourceResult::Status;

namespace {

constexpr const char* kEventsVersion = "1.0";
constexpr std::chrono::seconds kQuiet{30};

std::int64_t in_milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto since_epoch = time.time_since_epoch();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)), milliseconds);
}

const char* status_word(Status status) {
  switch (status) {
    case Status::done:
      return "done";
    case Status::failed:
      return "failed";
    case Status::skipped:
      return "skipped";
    case Status::partly_done:
      return "partly_done";
    case Status::unknown:
      return "unknown";
    case Status::not_started:
      break;
  }
  return "not_started";
}

std::string plan_message(const model::Plan& plan) {
  const auto counts = count_changes(plan);
  return fmt::format("Plan: {} to add, {} to change, {} to destroy.", counts.add, counts.change,
                     counts.destroy);
}

Value attribute_names(const model::Change& change) {
  Value::List names;
  for (const auto& each : change.attributes) names.push_back(Value::string(each.path.text()));
  return Value::list(std::move(names));
}

}  // namespace

EventStream::EventStream(const async::Clock& clock, Run run, Output line)
    : clock_(clock), run_(std::move(run)), line_(std::move(line)), began_(clock.steady()) {
  emit("version", "info", "pveplan " + run_.program, nullptr,
       {{"pveplan", Value::string(run_.program)},
        {"ui", Value::string(kEventsVersion)},
        {"command", Value::string(run_.command)}});
}

void EventStream::emit(const char* type, const char* level, const std::string& message,
                       const schema::ResourceAddress* address, Fields fields) {
  fields.emplace_back("@level", Value::string(level));
  fields.emplace_back("@message", Value::string(message));
  fields.emplace_back("@module", Value::string("pveplan"));
  fields.emplace_back("@timestamp", Value::string(timestamp(clock_.wall())));
  fields.emplace_back("type", Value::string(type));
  fields.emplace_back("seq", json_number(++events_));
  fields.emplace_back("run_id", Value::string(run_.id));
  fields.emplace_back("addr", address == nullptr ? Value() : Value::string(address->text()));
  fields.emplace_back("elapsed_ms", Value::integer(in_milliseconds(clock_.steady() - began_)));
  line_(schema::to_json(Value::map(std::move(fields))) + "\n");
}

std::string EventStream::diagnostic(const schema::Diagnostic& diagnostic,
                                    const schema::SourceMap& sources) {
  const auto id = fmt::format("d{}", ++diagnostics_);
  const char* level = diagnostic.severity == schema::Severity::error ? "error" : "warn";
  Value::Fields fields = {{"id", Value::string(id)}};
  for (auto& each : diagnostic_fields(diagnostic, sources)) fields.push_back(std::move(each));
  emit("diagnostic", level, diagnostic.summary, diagnostic.address ? &*diagnostic.address : nullptr,
       std::move(fields));
  return id;
}

void EventStream::plan(const model::Plan& plan, const std::string& id) {
  work_.clear();
  for (const auto& drift : plan.drift)
    emit("resource_drift", "info", drift.address.text() + ": changed outside of pveplan",
         &drift.address, {{"drift", json_drift(drift)}});
  for (const auto& change : plan.changes) {
    work_[change.address].action = change.action;
    emit("planned_change", "info",
         fmt::format("{}: {}", change.address.text(), model::name(change.action)), &change.address,
         {{"actions", json_actions(change.action)},
          {"action_reason", Value::string(change.reason)},
          {"attributes", attribute_names(change)},
          {"effects", json_effects(change.effects)},
          {"worst_effect", Value::string(worst_word(worst_effect(change)))},
          {"previous_address", text_or_null(change.moved_from)},
          {"imported_from", text_or_null(change.imported_from)}});
  }
  Value::List unreadable, held;
  for (const auto& each : plan.unknown)
    (each.blocker ? held : unreadable)
        .push_back(Value::map({{"address", Value::string(each.address.text())},
                               {"reason", Value::string(each.reason)}}));
  emit("change_summary", "info", plan_message(plan), nullptr,
       {{"changes", json_summary(plan)},
        {"mode", Value::string(std::string(model::name(plan.mode)))},
        {"complete", Value::boolean(!plan.partial())},
        {"scope", json_scope(plan)},
        {"refreshed", Value::boolean(plan.refreshed)},
        {"plan_id", text_or_null(id)},
        {"needs_permission", json_addresses(plan.needs_permission)},
        {"unreadable", Value::list(std::move(unreadable))},
        {"not_planned", Value::list(std::move(held))},
        {"postponed", json_postponed(plan)}});
}

void EventStream::read_started(const schema::ResourceAddress& address) {
  emit("refresh_start", "info", address.text() + ": reading", &address, {});
}

void EventStream::read_done(const schema::ResourceAddress& address,
                            const model::ReadOutcome& outcome) {
  const auto* unreadable = std::get_if<model::Unreadable>(&outcome);
  const char* found = unreadable != nullptr                            ? "unreadable"
                      : std::holds_alternative<model::Absent>(outcome) ? "absent"
                                                                       : "found";
  emit("refresh_complete", unreadable != nullptr ? "warn" : "info",
       fmt::format("{}: {}", address.text(), found), &address,
       {{"outcome", Value::string(found)},
        {"reason", unreadable != nullptr ? Value::string(unreadable->reason) : Value()}});
}

/// A resource starts with its first step.
void EventStream::start(const model::Step& step) {
  auto& work = work_[step.address];
  if (work.started) return;
  work.started = true;
  work.since = clock_.steady();
  emit("apply_start", "info", fmt::format("{}: {}", step.address.text(), model::name(work.action)),
       &step.address, {{"actions", json_actions(work.action)}});
}

void EventStream::progress(const model::Step& step, const char* state, const std::string& text) {
  const auto at = running_.find(step.id);
  if (at != running_.end()) at->second.told = clock_.steady();
  emit("apply_progress", "info",
       fmt::format("{}: {}{}", step.address.text(),
                   step.summary.empty() ? step.operation : step.summary,
                   text.empty() ? "" : ", " + text),
       &step.address,
       {{"step", Value::integer(step.id)},
        {"operation", Value::string(step.operation)},
        {"state", Value::string(state)},
        {"text", Value::string(text)},
        {"upid", at == running_.end() ? Value() : text_or_null(at->second.upid)}});
}

void EventStream::step_started(const model::Step& step) {
  start(step);
  running_[step.id] = {&step, {}, clock_.steady()};
  progress(step, "started", "");
}

void EventStream::step_progress(const model::Step& step, const std::string& text) {
  progress(step, "running", text);
}

void EventStream::task_started(const model::Step& step, const std::string& upid) {
  running_[step.id].step = &step;
  running_[step.id].upid = upid;
  progress(step, "task", "");
}

void EventStream::step_done(const model::Step& step, std::chrono::nanoseconds) {
  start(step);
  if (running_.contains(step.id)) progress(step, "done", "");
  running_.erase(step.id);
}

void EventStream::resource_done(const schema::ResourceAddress& address) {
  const auto& work = work_[address];
  emit("apply_complete", "info", address.text() + ": done", &address,
       {{"actions", json_actions(work.action)},
        {"duration_ms", Value::integer(in_milliseconds(clock_.steady() - work.since))}});
}

void EventStream::step_failed(const model::Step& step, const schema::Diagnostic& problem,
                              std::chrono::nanoseconds) {
  start(step);
  const auto at = running_.find(step.id);
  const auto upid = at == running_.end() ? std::string() : at->second.upid;
  if (at != running_.end()) running_.erase(at);
  const auto id = diagnostic(problem, schema::SourceMap());
  failures_[step.address] = id;
  const auto& work = work_[step.address];
  emit("apply_errored", "error", fmt::format("{}: {} failed", step.address.text(), step.operation),
       &step.address,
       {{"actions", json_actions(work.action)},
        {"operation", Value::string(step.operation)},
        {"diagnostic", Value::string(id)},
        {"upid", text_or_null(upid)},
        {"duration_ms", Value::integer(in_milliseconds(clock_.steady() - work.since))}});
}

void EventStream::interrupted(const char* state, const std::string& message) {
  emit("interrupted", "warn", message, nullptr,
       {{"state", Value::string(state)}, {"running", json_number(running_.size())}});
}

void EventStream::winding_down(std::optional<std::chrono::seconds> grace) {
  interrupted("winding_down",
              grace ? fmt::format("Asked to end: nothing new is started, what runs may go on for "
                                  "{} s.",
                                  grace->count())
                    : std::string("Interrupted: nothing new is started, what runs is waited for."));
}

void EventStream::leaving() {
  interrupted("leaving", "What runs is left to the server; the next run looks after it.");
}

void EventStream::server_silent(const std::string& text) {
  emit("server", "warn", text, nullptr, {{"state", Value::string("silent")}});
}

void EventStream::server_answers(const std::string& text) {
  emit("server", "info", text, nullptr, {{"state", Value::string("answers")}});
}

void EventStream::tick() {
  const auto now = clock_.steady();
  for (auto& [id, running] : running_) {
    if (now - running.told >= kQuiet) progress(*running.step, "running", "still running");
  }
}

void EventStream::outputs(const std::map<schema::ResourceAddress, model::Row>& rows) {
  auto all = outputs_json(rows);
  const auto count = all.as_fields().size();
  if (count == 0) return;
  emit("outputs", "info", count == 1 ? "1 output." : fmt::format("{} outputs.", count), nullptr,
       {{"outputs", std::move(all)}});
}

void EventStream::account(const engine::RunAccount& account, int exit_code) {
  std::string journal;
  if (account.journal_failure) journal = diagnostic(*account.journal_failure, {});
  Value::List results;
  for (const auto& result : account.results) {
    const bool waited = !result.because.type.empty();
    // What was left running has failed nowhere.
    if (result.status == Status::unknown && !failures_.contains(result.address))
      failures_[result.address] = diagnostic(result.diagnostic, {});
    const auto failure = failures_.find(result.address);
    results.push_back(Value::map(
        {{"address", Value::string(result.address.text())},
         {"status", Value::string(status_word(result.status))},
         {"operation", text_or_null(result.operation)},
         {"because", waited ? Value::string(result.because.text()) : Value()},
         {"diagnostic", failure == failures_.end() ? Value() : Value::string(failure->second)}}));
  }
  Fields counts;
  for (const auto status : {Status::done, Status::failed, Status::skipped, Status::not_started,
                            Status::partly_done, Status::unknown})
    counts.emplace_back(status_word(status), json_number(account.count(status)));
  emit("apply_summary", account.complete() ? "info" : "error",
       fmt::format("Done {}, failed {}, skipped {}, not started {}.", account.count(Status::done),
                   account.count(Status::failed), account.count(Status::skipped),
                   account.count(Status::not_started)),
       nullptr,
       {{"complete", Value::boolean(account.complete())},
        {"interrupted", Value::boolean(account.interrupted)},
        {"gave_up", Value::boolean(account.gave_up)},
        {"counts", Value::map(std::move(counts))},
        {"results", Value::list(std::move(results))},
        {"duration_ms", Value::integer(in_milliseconds(account.elapsed))},
        {"state_not_written", text_or_null(journal)},
        {"exit_code", Value::integer(exit_code)}});
}

}  // namespace pveplan::view
