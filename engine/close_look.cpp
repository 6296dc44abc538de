#include "engine/close_look.hpp"

#include "engine/refresh.hpp"

namespace pveplan::engine {

void CloseReading::add(const model::Change& change) {
  const auto* vmid = change.identity.find("vmid");
  const auto* status = change.facts.find("status");
  if (vmid == nullptr || status == nullptr) return;
  const auto availability = change.effects.availability;
  const bool hurts = change.removes() || availability >= model::Availability::disturb;
  const bool ends =
      change.removes() || availability == model::Availability::stop || change.effects.loses_data();
  // What was just started is listed as stopped, and then nothing seems to hurt.
  const bool unsure = *status != schema::Value::string("running");
  const auto* is_template = change.facts.find("template");
  const bool can_have_snapshots =
      is_template == nullptr || *is_template == schema::Value::boolean(false);
  if (ends && can_have_snapshots) look.snapshots.insert(vmid->as_integer());
  if (hurts || unsure) look.run_states.insert(vmid->as_integer());
  if (hurts || ends || unsure) guests.emplace(change.address, vmid->as_integer());
}

CloseReading guests_to_look_at(const model::Plan& plan) {
  CloseReading reading;
  for (const auto& change : plan.changes) reading.add(change);
  return reading;
}

namespace {

/// For people only, so nobody asks again when the plan is carried out.
void add_backups(const model::Plan& plan, CloseReading& reading) {
  for (const auto& change : plan.changes) {
    const auto* vmid = change.living_identity().find("vmid");
    if (vmid == nullptr || !change.backup) continue;
    reading.look.backups.insert(vmid->as_integer());
    reading.guests.emplace(change.address, vmid->as_integer());
  }
}

/// What of `reading` is not in `seen` yet, which then has it too.
CloseReading new_ones(CloseReading reading, core::CloseLook& seen) {
  std::set<std::int64_t> fresh;
  const auto keep = [&fresh](std::set<std::int64_t>& wanted, std::set<std::int64_t>& known) {
    std::erase_if(wanted, [&known](std::int64_t vmid) { return !known.insert(vmid).second; });
    fresh.insert(wanted.begin(), wanted.end());
  };
  keep(reading.look.run_states, seen.run_states);
  keep(reading.look.snapshots, seen.snapshots);
  keep(reading.look.backups, seen.backups);
  std::erase_if(reading.guests,
                [&fresh](const auto& each) { return !fresh.contains(each.second); });
  return reading;
}

}  // namespace

async::Task<schema::Result<void>> look_closely_and_plan(
    const Services& services, const PlanInput* input, core::Context context,
    model::ClusterFacts* cluster, LiveState* live, Planned* planned, std::uint64_t* reads) {
  core::CloseLook seen;
  while (services.cluster != nullptr && input->request.refresh) {
    auto reading = guests_to_look_at(planned->plan);
    if (!input->request.only_looks) add_backups(planned->plan, reading);
    auto closely = new_ones(std::move(reading), seen);
    if (closely.empty()) break;
    const auto before = services.api == nullptr ? 0 : services.api->reads();
    auto facts = co_await services.cluster->look_closely(*cluster, closely.look);
    if (services.api != nullptr) *reads += services.api->reads() - before;
    *cluster = std::move(facts);
    std::vector<Reading> readings;
    for (const auto& [address, vmid] : closely.guests) {
      const auto row = input->rows.find(address);
      if (row != input->rows.end())
        readings.push_back({address, row->second.identity, &row->second});
    }
    *reads += readings.size();
    auto reread = co_await refresh(services, context, std::move(readings), *live);
    if (!reread) co_return reread;
    *planned = make_plan(*input);
  }
  co_return schema::Result<void>();
}

}  // namespace pveplan::engine
