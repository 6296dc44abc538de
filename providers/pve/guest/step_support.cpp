#include "providers/pve/guest/step_support.hpp"

#include "providers/pve/coerce.hpp"

namespace pveplan::pve {

model::Row row_after(const model::Row& before, const schema::Value& arguments) {
  auto row = before;
  if (row.status == model::RowStatus::incomplete)
    set_unfinished(row, unfinished_of(arguments, "then"));
  return row;
}

model::Outcome gone(const schema::ResourceAddress& address) {
  model::Outcome outcome;
  outcome.address = address;
  return outcome;
}

model::Resolution done(model::Outcome outcome) { return model::Done{std::move(outcome)}; }

schema::Diagnostic step_failed(const schema::ResourceAddress& address, std::string summary,
                               std::string detail) {
  auto diagnostic = schema::error(std::move(summary), std::move(detail));
  diagnostic.address = address;
  return diagnostic;
}

async::Task<RunResult> run_refuse(model::Step step) {
  co_return std::unexpected(
      step_failed(step.address, "Not possible", text_of(step.arguments, "reason")));
}

async::Task<SettledGuest> look_after_task(core::Context context, model::Intent intent,
                                          std::string task_type) {
  SettledGuest settled;
  const auto* held = context.row(intent.address);
  const auto identity = held == nullptr ? argument(intent.arguments, "identity") : held->identity;
  const auto nonce = held == nullptr ? std::string() : held->nonce;
  const auto vmid = integer_of(identity, "vmid");
  const auto node = node_of(context, identity);
  auto trace = co_await follow_task(context, node, task_type, std::to_string(vmid), intent);
  settled.task_failed = trace.failed;
  settled.open = trace.open;
  settled.reason = trace.reason;
  if (settled.open) co_return settled;
  auto look = co_await look_at_guest(context, node, vmid);
  settled.reason = look.reason;
  if (look.found == GuestLook::Found::here) {
    settled.exists = not_ours(look.guest, identity, nonce).empty();
    settled.guest = std::move(look.guest);
  } else {
    settled.open = look.found != GuestLook::Found::absent;
  }
  co_return settled;
}

}  // namespace pveplan::pve
