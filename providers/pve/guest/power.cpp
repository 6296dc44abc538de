#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/step_support.hpp"
#include "providers/pve/property_string.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using schema::Value;

constexpr int kLongestWait = 150;   // looks, 2 s each
constexpr int kMostUnanswered = 5;  // in a row
constexpr std::int64_t kSettledSeconds = 30;

core::ApiRequest power_request(const model::Step& step, const Guest& guest) {
  core::Parameters parameters;
  if (step.operation != "start")
    parameters.emplace_back("timeout", text_of(step.arguments, "timeout"));
  if (step.operation == "shutdown" && flag_of(step.arguments, "force"))
    parameters.emplace_back("forceStop", "1");
  return core::ApiRequest("POST", guest_path(guest.node, guest.vmid, "/status/" + step.operation),
                          std::move(parameters));
}

bool is_reached(const std::string& operation, bool running) {
  if (operation == "start") return running;
  return operation == "shutdown" && !running;
}

/// A guest that has started since has everything in effect that waited for it.
model::Outcome after_power(const model::Row& before, const std::string& operation,
                           const Value& arguments) {
  auto row = row_after(before, arguments);
  if (operation != "shutdown") {
    set_note(row, "at_next_start", Value());
    set_note(row, "held_addresses", Value());
    set_note(row, "addresses_in_force", Value());
  }
  if (const auto* wanted = member(arguments, "power"))
    row.owned = row.owned.with(schema::Path({"power"}), *wanted);
  return stored(std::move(row));
}

/// Whether the guest is as the operation leaves it. `before` is how it was.
bool is_done(const std::string& operation, const PowerState& now, const PowerState& before) {
  if (operation == "reboot") return now.running && now.uptime < before.uptime;
  return is_reached(operation, now.running);
}

/// For what goes on after its task has ended: the server restarts a guest in two parts, and HA acts
/// by itself later (FACTS 5.12, 11.5).
async::Task<schema::Result<void>> wait_until_done(core::Context context, Guest guest,
                                                  std::string operation, PowerState before) {
  int unanswered = 0;
  for (int look = 0; look < kLongestWait; ++look) {
    auto power = co_await power_state(context, guest.node, guest.vmid);
    unanswered = power ? 0 : unanswered + 1;
    if (unanswered == kMostUnanswered) co_return std::unexpected(power.error());
    if (power && is_done(operation, *power, before)) co_return schema::Result<void>();
    co_await context.pause(SettleClock::kPause);
    before.uptime += 2;  // the time that passed counts as well
  }
  co_return std::unexpected(schema::error(
      "The guest is not in the wanted state",
      fmt::format("The {} of {} was accepted, but had no effect in 5 minutes. Look at its console.",
                  operation, guest.vmid)));
}

/// Whether a program inside the guest answers. Without the agent, or without the right to ask it,
/// nobody can tell.
async::Task<bool> agent_answers(core::Context context, Guest guest) {
  const auto answer = co_await context.read(guest_path(guest.node, guest.vmid, "/agent/info"));
  co_return answer.has_value();
}

bool will_have_agent(const Guest& guest) {
  const auto agent = PropertyString::parse(guest.config.text("agent"), agent_format());
  return parse_flag(agent.text("enabled")).value_or(false);
}

/// Until a guest that was restarted is of use again (DEFINITIONS 8): its agent answers where one
/// did before, else it has run for a while. Who must not be down at the same time waits for that.
async::Task<schema::Result<void>> wait_until_answers(core::Context context, Guest guest,
                                                     bool has_agent) {
  context.progress(has_agent ? "waiting for the guest agent" : "waiting until it has run for 30 s");
  for (int look = 0; look < kLongestWait; ++look) {
    if (has_agent) {
      const bool answers = co_await agent_answers(context, guest);
      if (answers) co_return schema::Result<void>();
    } else {
      const auto power = co_await power_state(context, guest.node, guest.vmid);
      if (power && power->running && power->uptime >= kSettledSeconds)
        co_return schema::Result<void>();
    }
    co_await context.pause(SettleClock::kPause);
  }
  co_return std::unexpected(schema::error(
      "The guest does not answer",
      fmt::format("{} was restarted, and {} for 5 minutes. Look at its console: what must not be "
                  "down at the same time was not touched.",
                  guest.vmid,
                  has_agent ? "its agent has not answered" : "it has not kept running")));
}

std::string task_of(const std::string& operation) { return "qm" + operation; }

/// Whether the guest is now as the intent wanted it; a reboot must have come after the intent.
bool has_come_to_pass(const model::Intent& intent, const PowerState& now) {
  if (intent.operation != "reboot") return is_reached(intent.operation, now.running);
  const auto time = epoch_from_rfc3339(now.server_time);
  const auto opened = epoch_from_rfc3339(intent.server_time);
  return now.running && time && opened && *time - now.uptime >= *opened;
}

}  // namespace

async::Task<RunResult> run_power(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  auto power = co_await power_state(context, guest->node, guest->vmid);
  if (!power) co_return std::unexpected(power.error());
  const bool reboots = step.operation == "reboot";
  if (is_reached(step.operation, power->running) || (reboots && !power->running))
    co_return after_power(before, step.operation, step.arguments);

  const bool awaited = flag_of(step.arguments, "until_it_answers");
  bool has_agent = false;
  // Not one that this restart switches off.
  if (awaited && reboots && will_have_agent(*guest))
    has_agent = co_await agent_answers(context, *guest);
  core::Write write(power_request(step, *guest));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  const bool already = result.error.message.find("already running") != std::string::npos;
  if (result.status != WriteResult::Status::done && !already)
    co_return std::unexpected(diagnostic_of(result, step.address));
  if (reboots || power->ha_managed) {
    ++power->uptime;
    auto reached = co_await wait_until_done(context, *guest, step.operation, *power);
    if (!reached) co_return std::unexpected(reached.error());
  }
  if (awaited) {
    auto answered = co_await wait_until_answers(context, *guest, has_agent);
    if (!answered) co_return std::unexpected(answered.error());
  }
  co_return after_power(before, step.operation, step.arguments);
}

async::Task<SettleResult> settle_power(core::Context context, model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = *held;
  SettleClock clock(intent);
  for (;;) {
    auto settled = co_await look_after_task(context, intent, task_of(intent.operation));
    if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
    if (!settled.exists) co_return model::Resolution(model::NotDone());
    auto power = co_await power_state(context, settled.guest.node, settled.guest.vmid);
    if (!power) co_return model::Resolution(model::StillOpen{power.error().detail});
    if (has_come_to_pass(intent, *power))
      co_return done(after_power(before, intent.operation, intent.arguments));
    if (settled.can_be_repeated(clock)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
