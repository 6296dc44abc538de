#include "providers/pve/client/server_time.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/step_support.hpp"

#include <fmt/format.h>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using schema::Value;

constexpr int kLongestRestart = 150;  // looks, 2 s each

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
  if (operation != "shutdown") set_note(row, "at_next_start", Value());
  return stored(std::move(row));
}

/// The server restarts a guest in two parts: its task ends when the guest has stopped.
async::Task<schema::Result<void>> wait_until_running(core::Context context, Guest guest,
                                                     std::int64_t old_uptime) {
  for (int look = 0; look < kLongestRestart; ++look) {
    auto power = co_await power_state(context, guest.node, guest.vmid);
    if (power && power->running && power->uptime < old_uptime) co_return schema::Result<void>();
    co_await context.pause(SettleClock::kPause);
    old_uptime += 2;  // the time that passed counts as well
  }
  co_return std::unexpected(schema::error(
      "The guest does not run", fmt::format("{} was restarted, but did not come up in 5 minutes. "
                                            "Look at its console.",
                                            guest.vmid)));
}

std::string task_of(const std::string& operation) { return "qm" + operation; }

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

  core::Write write(power_request(step, *guest));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  const bool already = result.error.message.find("already running") != std::string::npos;
  if (result.status != WriteResult::Status::done && !already)
    co_return std::unexpected(diagnostic_of(result, step.address));
  if (reboots) {
    auto up = co_await wait_until_running(context, *guest, power->uptime + 1);
    if (!up) co_return std::unexpected(up.error());
  }
  co_return after_power(before, step.operation, step.arguments);
}

async::Task<SettleResult> settle_power(core::Context context, model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = *held;
  auto settled = co_await look_after_task(context, intent, task_of(intent.operation));
  if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
  if (!settled.exists) co_return model::Resolution(model::NotDone());
  auto power = co_await power_state(context, settled.guest.node, settled.guest.vmid);
  if (!power) co_return model::Resolution(model::StillOpen{power.error().detail});
  bool reached = is_reached(intent.operation, power->running);
  if (intent.operation == "reboot") {
    const auto now = epoch_from_rfc3339(power->server_time);
    const auto opened = epoch_from_rfc3339(intent.server_time);
    reached = power->running && now && opened && *now - power->uptime >= *opened;
  }
  if (reached) co_return done(after_power(before, intent.operation, intent.arguments));
  co_return model::Resolution(model::NotDone());
}

}  // namespace pveplan::pve
