#include "engine/converge.hpp"

#include "engine/believed.hpp"
#include "engine/choose/check_places.hpp"
#include "engine/choose/live_names.hpp"
#include "engine/choose/settle_choices.hpp"
#include "engine/close_look.hpp"
#include "engine/fold_instances.hpp"
#include "engine/rebuild.hpp"
#include "engine/refresh.hpp"
#include "engine/remembered_secrets.hpp"
#include "engine/state_edit.hpp"
#include "model/sha256.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using schema::Diagnostics;

namespace {

/// Every row, and the place of every keyed object that shall be new.
std::vector<Reading> readings(const Services& services, const schema::Topology& topology,
                              const state::StateFile& state, const Choices& choices,
                              const Scope& scope, bool with_new) {
  std::vector<Reading> result;
  for (const auto& [address, row] : state.rows) result.push_back({address, row.identity, &row});
  if (!with_new) return result;
  for (const auto& resource : topology.resources) {
    if (state.row(resource.address) != nullptr || !scope.contains(resource.address)) continue;
    const auto* type = services.types.find(resource.address.type);
    if (type == nullptr) continue;
    const auto chosen = choices.attributes.find(resource.address);
    const auto& attributes =
        chosen == choices.attributes.end() ? resource.attributes : chosen->second;
    result.push_back({resource.address, type->identity(resource.address, attributes), nullptr});
  }
  return result;
}

/// Resources whose earlier write may still take effect are left alone, and new ones on a node that
/// is out of reach wait for it.
void block(const state::StateFile& state, const Choices& choices, LiveState& live) {
  for (const auto& [address, reason] : choices.unreachable)
    live.objects.insert_or_assign(address, model::Unreadable{reason});
  for (const auto& [id, intent] : state.open_intents) {
    live.objects.insert_or_assign(
        intent.address,
        model::Unreadable{fmt::format(
            "its {} was begun by an earlier run and may still take effect", intent.operation)});
  }
}

/// What stands in the way of what is left out hurts nobody.
Diagnostics within(const Scope& scope, std::vector<schema::Diagnostic> all) {
  std::erase_if(all, [&scope](const schema::Diagnostic& each) {
    return each.address && !scope.contains(*each.address);
  });
  return fold_instances(all);
}

/// Empty for a topology without secrets, which then needs no key.
async::Task<schema::Result<SecretDigest>> digest_of_secrets(const Services& services,
                                                            const schema::Topology& topology) {
  if (services.secrets == nullptr || !has_secrets(topology)) co_return SecretDigest();
  auto digest = co_await services.secrets->digests();
  co_return digest;
}

/// A token without rights does not learn the cluster's name: then what an earlier run learned, or
/// where the cluster is.
std::string shown_name(const schema::Topology& topology, const state::StateFile& state,
                       const model::ClusterFacts& cluster) {
  if (!cluster.name.empty()) return cluster.name;
  if (state.cluster == cluster.identity && !state.cluster_name.empty()) return state.cluster_name;
  const auto& connection = topology.connection;
  return connection && !connection->endpoints.empty() ? connection->endpoints.front() : "";
}

void describe_origin(model::Plan& plan, const schema::Topology& topology,
                     const state::StateFile& state, const model::ClusterFacts& cluster) {
  plan.origin.topology = topology.name;
  plan.origin.cluster = cluster.identity;
  plan.origin.cluster_name = shown_name(topology, state, cluster);
  plan.origin.lineage = state.lineage;
  plan.origin.serial = state.serial;
  plan.origin.server_version = cluster.version_text;
  plan.origin.nodes = static_cast<std::uint32_t>(cluster.nodes.size());
  for (const auto& node : cluster.nodes) plan.origin.nodes_online += node.online ? 1 : 0;
  for (const auto& [id, intent] : state.open_intents) plan.open_intents.push_back(intent);
}

/// What is chosen for a plan that makes something, or was chosen before.
async::Task<std::expected<SettledChoices, Diagnostics>> choices_for(
    const Services& services, const schema::Topology& topology, const PlanRequest& request,
    const state::StateFile& state, const model::ClusterFacts& cluster) {
  if (request.mode != model::PlanMode::converge) co_return SettledChoices();
  if (request.only_looks) {
    auto remembered = co_await remembered_choices(services, topology, state, cluster);
    if (!remembered) co_return std::unexpected(Diagnostics(remembered.error()));
    co_return std::move(*remembered);
  }
  const bool of_a_part = !request.targets.empty() || !request.excludes.empty();
  auto chosen = co_await settle_choices(services, topology, state, cluster, of_a_part);
  co_return chosen;
}

/// Reads what is wanted, or believes the state.
async::Task<schema::Result<void>> look(const Services& services, const PlanRequest& request,
                                       const model::ClusterFacts& cluster,
                                       const state::StateFile& state, core::Context context,
                                       std::vector<Reading> wanted, LiveState& live) {
  if (!request.refresh) {
    live = believed(state.rows, cluster, services.types);
    co_return schema::Result<void>();
  }
  auto read = co_await refresh(services, context, std::move(wanted), live);
  co_return read;
}

}  // namespace

async::Task<schema::Result<model::ClusterFacts>> load_cluster(const Services& services) {
  if (services.cluster == nullptr) co_return model::ClusterFacts();
  auto facts = co_await services.cluster->load();
  co_return facts;
}

async::Task<Prepared> prepare(const Services& services, const schema::Topology& stated,
                              const state::StateFile& stored, const PlanRequest& request) {
  auto cluster = co_await load_cluster(services);
  if (!cluster) co_return std::unexpected(Diagnostics(cluster.error()));
  auto origin = state::check_origin(stored, stated.name, cluster->identity);
  if (!origin) co_return std::unexpected(Diagnostics(origin.error()));
  auto edit = co_await edit_state(services, stated, stored, *cluster, request.mode);
  if (edit.diagnostics.has_errors()) co_return std::unexpected(std::move(edit.diagnostics));
  const auto& state = edit.state ? *edit.state : stored;
  const bool makes_new = request.mode == model::PlanMode::converge && !request.only_looks;
  std::uint64_t marker_reads = 0;
  if (makes_new) {
    auto known = co_await check_not_lost(services, stated, state, *cluster, &marker_reads);
    if (!known) co_return std::unexpected(Diagnostics(known.error()));
  }

  auto resolved = co_await resolve_live_names(services, stated, state, *cluster, makes_new);
  if (!resolved) co_return std::unexpected(std::move(resolved.error()));
  const auto& topology = *resolved ? **resolved : stated;
  auto chosen = co_await choices_for(services, topology, request, state, *cluster);
  if (!chosen) co_return std::unexpected(std::move(chosen.error()));
  auto settled = std::move(*chosen);
  settled.reads += marker_reads;
  const auto& desired = settled.choices.topology(topology);
  const auto graph = make_graph(desired, settled.choices.attributes);
  auto order = graph.topological_order();
  if (!order) co_return std::unexpected(std::move(order.error()));
  const auto scope = make_scope({request, desired, graph, state.rows, edit.changes});
  if (!scope) co_return std::unexpected(scope.error());
  Diagnostics obstacles;
  if (makes_new) obstacles = within(*scope, settled.choices.diagnostics.items());
  if (obstacles.has_errors()) co_return std::unexpected(std::move(obstacles));
  if (edit.state) leave_out_adopted(*edit.state, edit.changes, *scope);

  LiveState live;
  SharedReads shared(services.api);
  ReadContext backend(services, *cluster, state, topology.name, &shared);
  auto wanted = readings(services, desired, state, settled.choices, *scope, makes_new);
  auto refreshed = co_await look(services, request, *cluster, state, core::Context(backend),
                                 std::move(wanted), live);
  if (!refreshed) co_return std::unexpected(Diagnostics(refreshed.error()));
  block(state, settled.choices, live);
  if (makes_new) choose_around_undeclared(settled, topology, state, *cluster, live);
  if (makes_new) obstacles = choose_around_held_addresses(settled, topology, state, *cluster, live);
  if (obstacles.has_errors()) co_return std::unexpected(std::move(obstacles));
  if (makes_new) {
    auto bridges = co_await read_bridges(services, desired, &settled, *cluster, live, request);
    if (!bridges) co_return std::unexpected(Diagnostics(bridges.error()));
    obstacles =
        within(*scope, check_places(desired, settled, services, state, *cluster, live, request));
  }
  if (obstacles.has_errors()) co_return std::unexpected(std::move(obstacles));

  auto digest = co_await digest_of_secrets(services, topology);
  if (!digest) co_return std::unexpected(Diagnostics(digest.error()));
  const PlanInput input{desired,    settled.choices.attributes,
                        graph,      *order,
                        state.rows, live,
                        *cluster,   services.types,
                        request,    edit.changes,
                        *scope,     *digest};
  auto planned = make_plan(input);
  auto looked = co_await look_closely_and_plan(services, &input, core::Context(backend), &*cluster,
                                               &live, &planned, &settled.reads);
  if (!looked) co_return std::unexpected(Diagnostics(looked.error()));
  if (planned.diagnostics.has_errors() && !request.only_looks)
    co_return std::unexpected(fold_instances(planned.diagnostics.items()));
  PreparedPlan result;
  result.plan = std::move(planned.plan);
  result.silent_rows = std::move(planned.silent_rows);
  if (!request.only_looks) result.warnings = planned.diagnostics.items();
  result.cluster = std::move(*cluster);
  describe_origin(result.plan, topology, stored, result.cluster);
  result.plan.extra_reads = settled.reads;
  if (services.api != nullptr) result.plan.reads = services.api->reads() - settled.reads;
  describe_places(result.plan, settled, state, result.cluster, live);
  describe_live_clones(result.plan, result.cluster);
  result.edited = std::move(edit.state);
  const auto& remarks = result.plan.warnings;
  result.warnings.insert(result.warnings.end(), remarks.begin(), remarks.end());
  co_return result;
}

async::Task<Prepared> plan_now(const Services& services, const schema::Topology& topology,
                               const state::StateFile& loaded, const PlanRequest& request) {
  if (loaded.open_intents.empty()) {
    auto prepared = co_await prepare(services, topology, loaded, request);
    co_return prepared;
  }
  auto state = loaded;
  auto cluster = co_await load_cluster(services);
  if (!cluster) co_return std::unexpected(Diagnostics(cluster.error()));
  ReadContext backend(services, *cluster, state, topology.name, nullptr);
  auto recovery = co_await settle_open_intents(services, core::Context(backend), state);
  if (!recovery) co_return std::unexpected(Diagnostics(recovery.error()));
  apply_in_memory(*recovery, state);
  auto prepared = co_await prepare(services, topology, state, request);
  if (prepared) {
    const auto& warnings = recovery->warnings;
    prepared->warnings.insert(prepared->warnings.begin(), warnings.begin(), warnings.end());
  }
  co_return prepared;
}

async::Task<schema::Result<std::vector<schema::Diagnostic>>> recover(
    const Services& services, const schema::Topology& topology, state::Session& session) {
  std::vector<schema::Diagnostic> warnings;
  if (session.open_intents().empty()) co_return warnings;
  auto cluster = co_await load_cluster(services);
  if (!cluster) co_return std::unexpected(cluster.error());
  ReadContext backend(services, *cluster, session.state(), topology.name, nullptr);
  auto recovery = co_await settle_open_intents(services, core::Context(backend), session.state());
  if (!recovery) co_return std::unexpected(recovery.error());
  auto begun = session.begin_run({topology.name, cluster->identity, cluster->name});
  if (!begun) co_return std::unexpected(begun.error());
  for (const auto& settled : recovery->settled) {
    auto recorded = session.resolved(settled.id, settled.text, settled.outcome);
    if (!recorded) co_return std::unexpected(recorded.error());
  }
  auto durable = co_await session.durable();
  if (!durable) co_return std::unexpected(durable.error());
  co_return std::move(recovery->warnings);
}

namespace {

schema::Result<void> store_silent_rows(const PreparedPlan& prepared, state::Session& session) {
  if (prepared.silent_rows.empty()) return {};
  auto wanted = session.state();
  for (const auto& row : prepared.silent_rows) {
    // A row that the run itself has changed meanwhile is newer than what the refresh saw.
    const auto at = wanted.rows.find(row.address);
    if (at != wanted.rows.end() && at->second.owned == row.owned) at->second = row;
  }
  return session.edit("refreshed", wanted);
}

}  // namespace

async::Task<std::expected<Converged, Diagnostics>> carry_out(const Services& services,
                                                             const schema::Topology& topology,
                                                             state::Session& session,
                                                             Converged result, const Limits& limits,
                                                             const Interrupts& interrupts) {
  if (!result.approved) {
    // What was settled on the way stays settled; the lock is given back in order.
    auto given_back = co_await session.end();
    if (!given_back) co_return std::unexpected(Diagnostics(given_back.error()));
    co_return result;
  }

  auto digest = co_await digest_of_secrets(services, topology);
  if (!digest) co_return std::unexpected(Diagnostics(digest.error()));
  if (*digest) {
    session.remember_secrets_by(
        [digest = *digest](const schema::Value& secret) { return digest_of(secret, digest); });
  }
  const auto& cluster = result.prepared.cluster;
  const auto& edited = result.prepared.edited;
  const bool anything =
      !result.prepared.plan.empty() || !result.prepared.silent_rows.empty() || edited;
  if (anything) {
    auto begun = session.begin_run({topology.name, cluster.identity, cluster.name});
    if (!begun) co_return std::unexpected(Diagnostics(begun.error()));
    if (edited) {
      auto wanted = session.state();
      wanted.rows = edited->rows;
      auto done = session.edit("moved, imported or observed", wanted);
      if (!done) co_return std::unexpected(Diagnostics(done.error()));
    }
    auto stored = store_silent_rows(result.prepared, session);
    if (!stored) co_return std::unexpected(Diagnostics(stored.error()));
  }
  if (!result.prepared.plan.empty()) {
    auto account =
        co_await execute(services, cluster, session, result.prepared.plan, limits, interrupts);
    result.account = std::move(account);
  }
  auto finished = co_await session.end();
  if (!finished) {
    if (!result.account) co_return std::unexpected(Diagnostics(finished.error()));
    if (!result.account->journal_failure) result.account->journal_failure = finished.error();
  }
  co_return result;
}

async::Task<std::expected<Converged, Diagnostics>> converge(
    const Services& services, const schema::Topology& topology, state::Session& session,
    const PlanRequest& request, Approval& approval, const Limits& limits,
    const Interrupts& interrupts) {
  session.attach(services.host.loop);
  auto recovered = co_await recover(services, topology, session);
  if (!recovered) co_return std::unexpected(Diagnostics(recovered.error()));
  auto prepared = co_await prepare(services, topology, session.state(), request);
  if (!prepared) co_return std::unexpected(std::move(prepared.error()));
  Converged result;
  result.prepared = std::move(*prepared);
  auto& warnings = result.prepared.warnings;
  warnings.insert(warnings.begin(), recovered->begin(), recovered->end());
  result.approved = co_await approval.approve(result.prepared);
  auto done =
      co_await carry_out(services, topology, session, std::move(result), limits, interrupts);
  co_return done;
}

}  // namespace pveplan::engine
