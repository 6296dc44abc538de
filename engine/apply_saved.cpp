#include "engine/apply_saved.hpp"

#include "engine/close_look.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/order.hpp"
#include "engine/refresh.hpp"
#include "engine/state_edit.hpp"

#include <fmt/format.h>

#include <map>

namespace pveplan::engine {

using model::Action;
using schema::Diagnostic;
using schema::Diagnostics;

namespace {

constexpr const char* kStale = "Plan is stale";

Diagnostics list_of(std::vector<Diagnostic> items) {
  Diagnostics list;
  for (auto& each : items) list.add(std::move(each));
  return list;
}

std::string shown(const schema::Value& value) {
  if (value.is_string()) return '"' + value.as_string() + '"';
  if (value.kind() == schema::Value::Kind::integer) return std::to_string(value.as_integer());
  if (value.kind() == schema::Value::Kind::boolean) return value.as_boolean() ? "true" : "false";
  return "another value";
}

/// Most often the text is the same and somebody forgot a --var.
std::string changed_variables(const SavedPlan& saved, const schema::Topology& topology) {
  std::map<std::string, const schema::VariableBinding*> now;
  for (const auto& each : topology.variables) now.emplace(each.name, &each);
  std::string text;
  for (const auto& each : saved.variables) {
    const auto at = now.find(each.name);
    if (at == now.end() || at->second->value == each.value || each.value.sensitive()) continue;
    text +=
        fmt::format(" The variable {} was {} ({}) and is {} ({}).", each.name, shown(each.value),
                    each.origin, shown(at->second->value), at->second->origin);
  }
  return text;
}

std::optional<Diagnostic> stale_state(const model::PlanOrigin& origin,
                                      const state::StateFile& state) {
  if (origin.lineage == state.lineage && origin.serial == state.serial) return std::nullopt;
  if (origin.lineage.empty()) {
    return schema::error(
        kStale,
        "The plan was made when there was no state; there is one now, so somebody has "
        "applied meanwhile. Plan again.");
  }
  if (state.lineage.empty()) {
    return schema::error(
        kStale,
        fmt::format("The plan continues a state (lineage {}), but there is none here. Run it "
                    "where the state is, or plan again.",
                    origin.lineage));
  }
  if (origin.lineage != state.lineage) {
    return schema::error(kStale, fmt::format("The plan belongs to the state with the lineage {}, "
                                             "but the state here has {}. Run it where that state "
                                             "is, or plan again.",
                                             origin.lineage, state.lineage));
  }
  return schema::error(
      kStale,
      fmt::format("The plan was made from serial {} of the state, which is at serial {} now: "
                  "something was applied meanwhile, perhaps this plan. Plan again.",
                  origin.serial, state.serial));
}

}  // namespace

std::vector<Diagnostic> stale_origin(const SavedPlan& saved, const schema::Topology& topology,
                                     const state::StateFile& state) {
  const auto& origin = saved.plan.origin;
  std::vector<Diagnostic> result;
  if (origin.topology != topology.name) {
    result.push_back(schema::error("Plan of another topology",
                                   fmt::format("The plan was made for the topology \"{}\", but the "
                                               "one here is \"{}\". Use -C to name its folder.",
                                               origin.topology, topology.name)));
    return result;
  }
  if (auto stale = stale_state(origin, state)) result.push_back(std::move(*stale));
  if (origin.topology_digest != topology_digest(topology)) {
    result.push_back(
        schema::error(kStale, "The topology says something else than when the plan was made." +
                                  changed_variables(saved, topology) +
                                  " Give the same --var and --vars, or plan again."));
  }
  return result;
}

namespace {

std::optional<Diagnostic> other_cluster(const model::PlanOrigin& origin,
                                        const model::ClusterFacts& cluster) {
  if (origin.cluster == cluster.identity) return std::nullopt;
  return schema::error(
      "Plan of another cluster",
      fmt::format("The plan was made for the cluster \"{}\" (identity {}), but the server that "
                  "answers belongs to \"{}\" (identity {}). Check the endpoint, or plan again.",
                  origin.cluster_name, origin.cluster, cluster.name, cluster.identity));
}

/// A plan file can be written by anybody: what the executor relies on is looked at here.
std::optional<Diagnostic> unfit_step(const model::Plan& plan, const Services& services,
                                     const state::StateFile& state) {
  for (const auto& step : plan.steps) {
    if (step.operation == kBarrier) continue;
    const auto* type = services.types.find(step.address.type);
    const bool by_state = step.operation == kStateOnly;
    const bool known =
        type != nullptr && (by_state || core::find_operation(*type, step.operation) != nullptr);
    const bool has_row =
        !by_state || step.arguments.is_null() || state.row(step.address) != nullptr;
    if (known && has_row) continue;
    return schema::error("Damaged plan file",
                         fmt::format("The plan wants \"{}\" of {}, which this program cannot do. "
                                     "Plan again with this program.",
                                     step.operation, step.address.text()));
  }
  return std::nullopt;
}

Diagnostic changed(const model::Change& change, const std::string& how) {
  auto diagnostic = schema::error(
      "Changed since the plan was made",
      fmt::format("{} {}, so nothing was done. Plan again.", change.address.text(), how));
  diagnostic.address = change.address;
  return diagnostic;
}

/// Who has what the plan wanted to make.
std::string taken_by(const model::LiveObject& object) {
  const auto* vmid = object.identity.find("vmid");
  const auto* node = object.identity.find("node");
  const auto* name = object.attributes.find("name");
  const bool guest = vmid != nullptr && vmid->kind() == schema::Value::Kind::integer;
  if (!guest) return "exists now";
  return fmt::format("cannot get the number {}, which the guest \"{}\" on {} has now",
                     vmid->as_integer(), name == nullptr ? "" : name->as_string(),
                     node == nullptr ? "?" : node->as_string());
}

/// nullopt: the object is as the plan saw it.
std::optional<Diagnostic> difference_of(const model::Change& change, const Services& services,
                                        const state::StateFile& state, const LiveState& live) {
  const auto& outcome = live.objects.at(change.address);
  if (const auto* unreadable = std::get_if<model::Unreadable>(&outcome))
    return changed(change, "cannot be read now (" + unreadable->reason + ")");
  const auto* object = std::get_if<model::LiveObject>(&outcome);
  const auto* row = state.row(change.address);
  if (change.fingerprint.empty()) {
    if (object == nullptr) return std::nullopt;
    if (change.action == Action::forget) return changed(change, "is there again");
    // An engine-only resource lives in the state alone.
    return row == nullptr ? changed(change, taken_by(*object))
                          : std::optional<Diagnostic>(changed(change, "is there again"));
  }
  if (object == nullptr || row == nullptr) return changed(change, "is gone");
  const auto& type = *services.types.find(change.address.type);
  if (live_fingerprint(type, *row, *object, change.effects) == change.fingerprint)
    return std::nullopt;
  return changed(change, "was changed by somebody else");
}

/// Reads every object that the plan touches, all at once, and compares.
async::Task<schema::Result<std::vector<Diagnostic>>> differences(const Services& services,
                                                                 const model::ClusterFacts& cluster,
                                                                 const state::StateFile& state,
                                                                 const model::Plan& plan) {
  LiveState live;
  SharedReads shared(services.api);
  ReadContext backend(services, cluster, state, plan.origin.topology, &shared);
  std::vector<Reading> wanted;
  for (const auto& change : plan.changes) {
    const auto* row = state.row(change.address);
    wanted.push_back({change.address, row != nullptr ? row->identity : change.identity, row});
  }
  auto read = co_await refresh(services, core::Context(backend), std::move(wanted), live);
  if (!read) co_return std::unexpected(read.error());
  std::vector<Diagnostic> result;
  for (const auto& change : plan.changes) {
    if (auto found = difference_of(change, services, state, live))
      result.push_back(std::move(*found));
  }
  co_return result;
}

/// Places of secrets that the server will hold: {"hmac": …} in what a change wants.
void add_secret_places(const schema::Value& value, const schema::Path& path,
                       std::vector<std::pair<std::string, std::string>>& places) {
  if (!value.has_fields()) return;
  const auto* digest = value.find("hmac");
  if (digest != nullptr && digest->is_string() && value.as_fields().size() == 1) {
    places.emplace_back(path.text(), digest->as_string());
    return;
  }
  for (const auto& [name, inner] : value.as_fields())
    add_secret_places(inner, path.child(name), places);
}

/// A secret is fetched when its step runs: it must still be the one that the plan was made with.
async::Task<std::vector<Diagnostic>> changed_secrets(const Services& services,
                                                     const model::Plan& plan) {
  std::vector<Diagnostic> result;
  for (const auto& change : plan.changes) {
    std::vector<std::pair<std::string, std::string>> places;
    add_secret_places(change.after, schema::Path(), places);
    for (const auto& [path, planned] : places) {
      if (services.secrets == nullptr) continue;
      auto now = co_await services.secrets->digest(change.address.text(), path);
      if (!now) {
        result.push_back(now.error());
      } else if (*now != planned) {
        result.push_back(changed(change, "has another secret in " + path + " now"));
      }
    }
  }
  co_return result;
}

/// Everything that is no longer so; empty when the plan may run. `prepared` gets the cluster.
async::Task<std::vector<Diagnostic>> obstacles(const Services& services,
                                               const schema::Topology& topology,
                                               const state::Session& session,
                                               const SavedPlan& saved, PreparedPlan& prepared) {
  const auto& plan = saved.plan;
  std::vector<Diagnostic> result;
  auto cluster = co_await load_cluster(services);
  if (!cluster) {
    result.push_back(cluster.error());
    co_return result;
  }
  prepared.cluster = std::move(*cluster);
  auto other = other_cluster(plan.origin, prepared.cluster);
  if (!other) {
    auto edit =
        co_await edit_state(services, topology, session.state(), prepared.cluster, plan.mode);
    if (edit.diagnostics.has_errors()) co_return edit.diagnostics.items();
    prepared.edited = std::move(edit.state);
  }
  const auto& state = prepared.edited ? *prepared.edited : session.state();
  if (!other) other = unfit_step(plan, services, state);
  if (other) {
    result.push_back(std::move(*other));
    co_return result;
  }
  const auto closely = guests_to_look_at(plan);
  if (services.cluster != nullptr && !closely.empty()) {
    auto exact = co_await services.cluster->look_closely(prepared.cluster, closely.look);
    prepared.cluster = std::move(exact);
  }
  auto found = co_await differences(services, prepared.cluster, state, plan);
  if (!found) {
    result.push_back(found.error());
    co_return result;
  }
  auto secrets = co_await changed_secrets(services, plan);
  found->insert(found->end(), secrets.begin(), secrets.end());
  co_return std::move(*found);
}

}  // namespace

async::Task<std::expected<Converged, Diagnostics>> apply_saved(
    const Services& services, const schema::Topology& topology, state::Session& session,
    const SavedPlan& saved, Approval& approval, const Limits& limits,
    const Interrupts& interrupts) {
  session.attach(services.host.loop);
  // The serial grows with every record: it is looked at before anything is written.
  auto problems = stale_origin(saved, topology, session.state());
  const bool unfinished = !session.open_intents().empty();
  if (problems.empty() && unfinished) {
    auto settled = co_await recover(services, topology, session);
    problems.push_back(
        settled ? schema::error(kStale,
                                "An earlier run had left work open. It has been looked after "
                                "now, which changed the state. Plan again.")
                : settled.error());
  }
  Converged result;
  if (problems.empty()) {
    result.prepared.plan = saved.plan;
    result.prepared.silent_rows = saved.silent_rows;
    auto found = co_await obstacles(services, topology, session, saved, result.prepared);
    problems = std::move(found);
  }
  if (!problems.empty()) {
    auto given_back = co_await session.end();
    if (!given_back) problems.push_back(given_back.error());
    co_return std::unexpected(list_of(std::move(problems)));
  }
  result.approved = co_await approval.approve(result.prepared);
  auto done =
      co_await carry_out(services, topology, session, std::move(result), limits, interrupts);
  co_return done;
}

}  // namespace pveplan::engine
