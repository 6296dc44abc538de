#include "providers/pve/guest/read_guest.hpp"

#include "providers/core/resource_type.hpp"
#include "providers/pve/client/server_time.hpp"
#include "providers/pve/cluster/cluster.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_access.hpp"
#include "providers/pve/guest/guest_decoder.hpp"
#include "providers/pve/guest/guest_facts.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/make_guest.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace pveplan::pve {
namespace {

using model::ReadOutcome;
using schema::Path;
using schema::Value;
using Outcome = schema::Result<ReadOutcome>;

/// A guest that the listing does not show: free, or hidden from this token.
async::Task<Outcome> read_unlisted(core::Context context, std::int64_t vmid) {
  core::Parameters query;
  query.emplace_back("vmid", std::to_string(vmid));
  auto answer = co_await context.read("/cluster/nextid", query);
  const auto free = vmid_is_free_from(answer);
  model::Unreadable unreadable;
  if (!free) {
    unreadable.reason = free.error().detail;
  } else if (!*free) {
    unreadable.reason =
        fmt::format("guest {} exists, but this token may not see it (it lacks VM.Audit on /vms/{})",
                    vmid, vmid);
  } else if (!context.cluster().quorate) {
    unreadable.reason = "the cluster has no quorum";
  } else {
    co_return ReadOutcome(model::Absent());
  }
  co_return ReadOutcome(std::move(unreadable));
}

/// Why the listed guest cannot be read as our VM; empty when it can.
std::string obstacle(const model::ClusterFacts& cluster, const model::GuestFacts& listed) {
  const auto* node = cluster.node(listed.node);
  if (node == nullptr || !node->online) return fmt::format("node {} is offline", listed.node);
  if (listed.container) return fmt::format("{} is a container", listed.vmid);
  return {};
}

/// What stands in the way of a guest that is not in the state.
model::LiveObject stranger(const model::GuestFacts& listed) {
  model::LiveObject live;
  live.identity =
      Value::map({{"vmid", Value::integer(listed.vmid)}, {"node", Value::string(listed.node)}});
  live.attributes = Value::object({{"name", Value::string(listed.name)}});
  return live;
}

/// Seconds since 1970 at which the guest was started.
std::int64_t start_time(const std::string& server_time, std::int64_t uptime) {
  return epoch_from_rfc3339(server_time).value_or(0) - uptime;
}

/// Whether the guest was started before its cloud-init keys were written. The listing lags, so what
/// is close is asked for exactly.
async::Task<bool> awaits_start(core::Context context, Guest guest, std::int64_t uptime,
                               std::int64_t written) {
  constexpr std::int64_t kLag = 30;
  auto started = start_time(context.cluster().server_time, uptime);
  if (std::abs(started - written) < kLag) {
    auto power = co_await power_state(context, guest.node, guest.vmid);
    if (!power || !power->running) co_return false;
    started = start_time(power->server_time, power->uptime);
  }
  co_return started < written;
}

/// Why a guest that exists cannot be imported; looking at it is always possible.
std::string claimed_by_others(const core::Context& context, const Guest& guest,
                              const std::string& adopting) {
  const auto marker = guest.marker();
  const bool claimed =
      marker && marker->vmid == guest.vmid && marker->topology != context.topology();
  if (!claimed || adopting != "import") return {};
  return fmt::format(
      "{} belongs to the topology {} (as {}): take it out there first, with a "
      "[[removed]] entry and destroy = false",
      guest.vmid, marker->topology, marker->address);
}

/// The pool as the row calls it, when its block still stands for the pool that the guest is in.
Value pool_of(const core::Context& context, const model::GuestFacts& listed,
              const model::Row* row) {
  const auto* owned = row == nullptr ? nullptr : member(row->owned, "pool");
  if (owned != nullptr && pool_id(context, as_text(owned)) == listed.pool) return *owned;
  return listed.pool.empty() ? Value() : Value::string(listed.pool);
}

/// The exports of a guest that is not restarted yet: it has the addresses that it was started with.
Value with_addresses(const model::LiveObject& live, const Value& in_force) {
  auto exported = live.in_effect.is_null() ? live.exported : live.in_effect;
  for (const char* name : {"ip", "ips"}) {
    const auto* held = in_force.find(name);
    if (held != nullptr || exported.find(name) != nullptr)
      exported = exported.with(Path({name}), held == nullptr ? Value() : *held);
  }
  return exported;
}

model::LiveObject live_object(const core::Context& context, const schema::ResourceSchema& schema,
                              const Guest& guest, const model::GuestFacts& listed,
                              const std::string& status, const model::Row* row) {
  const GuestDecoder decoder(schema.object, guest.config, row);
  const auto* owned_node = row == nullptr ? nullptr : member(row->owned, "node");
  const auto* owned_power = row == nullptr ? nullptr : member(row->owned, "power");
  auto attributes = decoder.attributes();
  const auto put = [&](const char* name, Value value) {
    if (schema.find(name) != nullptr) attributes = attributes.with(Path({name}), std::move(value));
  };
  put("vmid", Value::integer(guest.vmid));
  put("node", owned_node == nullptr ? Value::string(guest.node) : *owned_node);
  put("pool", pool_of(context, listed, row));
  put("power", owned_power == nullptr ? Value() : Value::string(status));

  model::LiveObject live;
  live.identity = identity_of(guest);
  live.running = decoder.running_differences();
  live.exported = guest_exports(attributes, live.identity);
  if (status == "running" && !live.running.is_null())
    live.in_effect = guest_exports(decoder.in_force(), live.identity);
  live.facts = guest_facts(guest.config, decoder.names(), listed, status, row);
  live.attributes = std::move(attributes);
  live.digest = guest.config.digest();
  return live;
}

}  // namespace

async::Task<Outcome> read_guest(core::Context context, const schema::ResourceSchema* schema,
                                model::Identity identity, const model::Row* row) {
  const auto vmid = integer_of(row == nullptr ? identity : row->identity, "vmid");
  if (vmid == 0) co_return ReadOutcome(model::Absent());
  const auto* found = context.cluster().guest(vmid);
  if (found == nullptr) {
    auto unlisted = co_await read_unlisted(context, vmid);
    co_return std::move(unlisted);
  }
  const auto listed = *found;
  if (row == nullptr) co_return ReadOutcome(stranger(listed));
  const auto reason = obstacle(context.cluster(), listed);
  if (!reason.empty()) co_return ReadOutcome(model::Unreadable{reason});

  auto look = co_await look_at_guest(context, listed.node, vmid);
  if (look.found != GuestLook::Found::here) {
    if (look.found == GuestLook::Found::absent) co_return ReadOutcome(model::Absent());
    co_return ReadOutcome(model::Unreadable{look.reason});
  }
  const auto adopting = text_of(row->notes, core::kAdopting);
  const auto problem = adopting.empty() ? not_ours(look.guest, row->identity, row->nonce)
                                        : claimed_by_others(context, look.guest, adopting);
  if (!problem.empty() && !adopting.empty()) co_return ReadOutcome(model::Unreadable{problem});
  if (!problem.empty()) {
    co_return ReadOutcome(model::Unreadable{fmt::format(
        "{}; it is left alone. When it was restored from a backup and is ours, run `pveplan state "
        "accept '{}'`. Else move that guest to another number and give this one back "
        "to ours, or forget ours with `pveplan state rm '{}'`: the next plan then makes "
        "a new one under another number",
        problem, row->address.text(), row->address.text())});
  }
  auto status = listed.status;
  // The listing lags by 10 s: what it says against the power that we gave is asked for exactly.
  const auto* power_given = member(row->owned, "power");
  const bool doubtful = power_given != nullptr && as_text(power_given) != status;
  if (doubtful || (status != "running" && status != "stopped")) {
    auto power = co_await power_state(context, listed.node, vmid);
    if (!power) co_return ReadOutcome(model::Unreadable{power.error().detail});
    status = power->running ? "running" : "stopped";
  }
  auto live = live_object(context, *schema, look.guest, listed, status, row);
  const auto written = epoch_from_rfc3339(text_of(row->notes, "at_next_start"));
  if (written && status == "running") {
    const bool waits = co_await awaits_start(context, look.guest, listed.uptime, *written);
    live.facts = live.facts.with(Path({"awaits_start"}), Value::boolean(waits));
    const auto* held = row->notes.find("held_addresses");
    if (waits && held != nullptr) live.facts = live.facts.with(Path({"held_addresses"}), *held);
    const auto* in_force = row->notes.find("addresses_in_force");
    if (waits && in_force != nullptr) live.in_effect = with_addresses(live, *in_force);
  }
  co_return ReadOutcome(std::move(live));
}

}  // namespace pveplan::pve
