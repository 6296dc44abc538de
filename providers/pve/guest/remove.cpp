#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/step_support.hpp"

#include <fmt/format.h>

namespace pveplan::pve {

using core::WriteResult;

namespace {

core::ApiRequest delete_request(const model::Step& step, const Guest& guest) {
  core::Parameters parameters;
  parameters.emplace_back("destroy-unreferenced-disks", "0");
  if (flag_of(step.arguments, "purge")) parameters.emplace_back("purge", "1");
  return core::ApiRequest("DELETE", guest_path(guest.node, guest.vmid, ""), std::move(parameters));
}

/// The row goes, and the number is not given out again while there are others: backups go by it. Of
/// what is replaced the row stays, with the number and all else that was chosen for the new guest.
model::Outcome destroyed_outcome(core::Context context, const schema::ResourceAddress& address,
                                 const schema::Value& arguments) {
  const auto* held = context.row(address);
  if (held != nullptr && flag_of(arguments, "replaced")) {
    auto row = *held;
    row.status = model::RowStatus::incomplete;
    row.parts.clear();
    row.notes = schema::Value();
    return stored(std::move(row));
  }
  auto outcome = gone(address);
  const auto vmid = integer_of(argument(arguments, "identity"), "vmid");
  if (vmid > 0) outcome.retired_vmids.push_back(vmid);
  return outcome;
}

}  // namespace

async::Task<RunResult> run_delete(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  if (held == nullptr) co_return gone(step.address);
  const model::Row row = *held;
  const auto vmid = integer_of(row.identity, "vmid");
  const auto destroyed = destroyed_outcome(context, step.address, step.arguments);
  auto look = co_await look_at_guest(context, node_of(context, row.identity), vmid);
  if (look.found == GuestLook::Found::absent) co_return destroyed;
  auto problem = look.reason;
  if (look.found == GuestLook::Found::here) problem = not_ours(look.guest, row.identity, row.nonce);
  if (!problem.empty())
    co_return std::unexpected(step_failed(step.address, "The guest is not as the state knows it",
                                          "Nothing was deleted: " + problem + "."));
  core::Write write(delete_request(step, look.guest));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  if (!result.warnings) co_return destroyed;
  auto after = co_await look_at_guest(context, look.guest.node, vmid);
  if (after.found != GuestLook::Found::here) co_return destroyed;
  co_return std::unexpected(step_failed(
      step.address, "The guest was not deleted",
      fmt::format("The task ended with warnings and {} is still there. Look at its log.", vmid)));
}

async::Task<SettleResult> settle_delete(core::Context context, model::Intent intent) {
  SettleClock clock(intent);
  for (;;) {
    auto settled = co_await look_after_task(context, intent, "qmdestroy");
    if (settled.open) co_return model::Resolution(model::StillOpen{settled.reason});
    // gone, or gone and its VMID given to somebody else
    if (!settled.exists)
      co_return done(destroyed_outcome(context, intent.address, intent.arguments));
    if (settled.can_be_repeated(clock)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
