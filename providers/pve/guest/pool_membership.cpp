#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/make_guest.hpp"
#include "providers/pve/guest/step_support.hpp"

namespace pveplan::pve {
namespace {

using core::WriteResult;
using schema::Value;

struct Membership {
  Membership() {}    // no aggregate: a coroutine's result (g++ 12)
  std::string pool;  ///< empty: in none
  std::string server_time;
};

/// The pool that the listing has the guest in; asked for afresh, since membership is current there.
async::Task<schema::Result<Membership>> current_pool(core::Context context, std::int64_t vmid) {
  core::Parameters query;
  query.emplace_back("type", "vm");
  auto answer = co_await context.read("/cluster/resources", query);
  if (!answer) co_return std::unexpected(answer.error().diagnostic());
  Membership found;
  found.server_time = answer->server_time;
  if (answer->data.kind() != Value::Kind::list) co_return found;
  for (const auto& entry : answer->data.as_list()) {
    if (integer_of(entry, "vmid") == vmid) found.pool = text_of(entry, "pool");
  }
  co_return found;
}

std::string wanted_pool(const core::Context& context, const Value& arguments) {
  const auto name = text_of(argument(arguments, "after"), "pool");
  return name.empty() ? name : pool_id(context, name);
}

model::Outcome with_pool(const model::Row& before, const Value& arguments) {
  auto row = row_after(before, arguments);
  row.owned = argument(arguments, "after");
  return stored(std::move(row));
}

}  // namespace

async::Task<RunResult> run_pool(core::Context context, model::Step step) {
  const auto* held = context.row(step.address);
  auto guest = co_await load_ours(context, held);
  if (!guest) co_return std::unexpected(guest.error());
  const model::Row before = *held;
  const auto wanted = wanted_pool(context, step.arguments);
  auto now = co_await current_pool(context, guest->vmid);
  if (!now) co_return std::unexpected(now.error());
  if (now->pool == wanted) co_return with_pool(before, step.arguments);
  core::Parameters parameters;
  parameters.emplace_back("poolid", wanted.empty() ? now->pool : wanted);
  parameters.emplace_back("vms", std::to_string(guest->vmid));
  if (wanted.empty()) {
    parameters.emplace_back("delete", "1");
  } else {
    parameters.emplace_back("allow-move", "1");
  }
  core::Write write(core::ApiRequest("PUT", "/pools", parameters));
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return with_pool(before, step.arguments);
}

async::Task<SettleResult> settle_pool(core::Context context, model::Intent intent) {
  const auto* held = context.row(intent.address);
  if (held == nullptr) co_return model::Resolution(model::NotDone());
  const model::Row before = *held;
  SettleClock clock(intent);
  for (;;) {
    auto now = co_await current_pool(context, integer_of(before.identity, "vmid"));
    if (!now) co_return model::Resolution(model::StillOpen{now.error().detail});
    if (now->pool == wanted_pool(context, intent.arguments))
      co_return done(with_pool(before, intent.arguments));
    if (clock.has_settled(now->server_time)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
