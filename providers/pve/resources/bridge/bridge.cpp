#include "providers/pve/resources/bridge/bridge.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/guest_steps.hpp"
#include "providers/pve/resources/bridge/codec.hpp"
#include "providers/pve/settle/settle.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pveplan::pve {
namespace {

using core::WriteResult;
using model::Action;
using model::ResolverClass;
using schema::Path;
using schema::Value;

std::string node_of_identity(const Value& identity) { return text_of(identity, "node"); }
std::string iface_of(const Value& identity) { return text_of(identity, "iface"); }

std::string network_path(const Value& identity) {
  return "/nodes/" + percent_encode(node_of_identity(identity)) + "/network";
}

/// The node's network, or why it cannot be seen.
class NetworkLook {
 public:
  NetworkLook() {}
  std::optional<NodeNetwork> network;
  std::string reason;
  std::string server_time;
};

async::Task<NetworkLook> look_at_network(core::Context context, Value identity, bool shared) {
  NetworkLook look;
  const auto* node = context.cluster().node(node_of_identity(identity));
  if (node != nullptr && !node->online) {
    look.reason = fmt::format("node {} is offline", node->name);
    co_return look;
  }
  const auto path = network_path(identity);
  auto task = shared ? context.read_shared(path) : context.read(path);
  auto answer = co_await std::move(task);
  look.server_time = server_time_of(answer);
  if (answer) {
    look.network = NodeNetwork::from_api(answer->data, answer->rest);
  } else {
    look.reason = still_open(answer.error()).reason;
  }
  co_return look;
}

/// Like look_at_network(), for whom a bridge that is not listed is gone: the list keeps silent
/// about bridges that the caller may not see (FACTS 15.6), so that right is asked for first.
async::Task<NetworkLook> look_for_bridge(core::Context context, Value identity, bool shared) {
  auto look = co_await look_at_network(context, identity, shared);
  const auto iface = iface_of(identity);
  if (!look.network || look.network->find(iface) != nullptr) co_return look;
  const auto guarded = "/sdn/zones/localnetwork/" + iface;
  const core::Parameters query{{"path", guarded}};
  const std::string path = "/access/permissions";
  auto task = shared ? context.read_shared(path, query) : context.read(path, query);
  auto answer = co_await std::move(task);
  const auto held = answer ? argument(answer->data, guarded.c_str()) : Value();
  if (member(held, "SDN.Audit") != nullptr || member(held, "SDN.Use") != nullptr) co_return look;
  look.network.reset();
  look.reason = answer ? fmt::format(
                             "whether {} exists on {} cannot be seen without SDN.Audit or SDN.Use "
                             "on {}; grant the token one of them",
                             iface, node_of_identity(identity), guarded)
                       : still_open(answer.error()).reason;
  co_return look;
}

/// Whether nothing waits but what the row says that was written: for a write after which nobody
/// could look, since the connection died. Lines of the diff whose stanza it does not show count as
/// ours.
bool waits_as_written(const NodeNetwork& network, const model::Row& row) {
  const auto iface = iface_of(row.identity);
  std::set<std::string> own{iface, "?"};
  for (auto& port : unfinished_of(row.owned, "ports")) own.insert(port);
  const auto changed = network.changed();
  if (!std::includes(own.begin(), own.end(), changed.begin(), changed.end())) return false;
  const auto* entry = network.find(iface);
  if (flag_of(row.notes, "removing")) return entry == nullptr;
  return entry != nullptr && bridge_matches(bridge_from_api(*entry), row.owned, {});
}

/// Whether the waiting changes are the ones that a bridge of this topology saw right after its own
/// write. Since our writes on a node go one at a time, each after such a look, its diff covers all.
bool changes_are_ours(const core::Context& context, const NodeNetwork& network,
                      const Value& identity) {
  if (!network.has_changes()) return true;
  const auto node = node_of_identity(identity);
  const auto rows = context.rows_of("bridge");
  return std::any_of(rows.begin(), rows.end(), [&](const auto* row) {
    const auto* seen = member(row->notes, "changes");
    if (node_of_identity(row->identity) != node || seen == nullptr) return false;
    return as_text(seen).empty() ? waits_as_written(network, *row)
                                 : as_text(seen) == network.fingerprint();
  });
}

/// Whether the node is reached through this interface, or reaches others through it.
bool carries_node(const core::Context& context, const Value& identity, const Value& live) {
  if (text_of(live, "gateway") != "" || text_of(live, "gateway6") != "") return true;
  const auto* node = context.cluster().node(node_of_identity(identity));
  if (node == nullptr || node->address.empty()) return false;
  const auto same = [node](const std::string& cidr) {
    return cidr.substr(0, cidr.find('/')) == node->address;
  };
  return same(text_of(live, "address")) || same(text_of(live, "address6"));
}

schema::Diagnostic refused(const schema::ResourceAddress& address, std::string summary,
                           std::string detail) {
  auto diagnostic = schema::error(std::move(summary), std::move(detail));
  diagnostic.address = address;
  return diagnostic;
}

std::string foreign_reason(const Value& identity, const NodeNetwork& network) {
  return fmt::format(
      "On node {} changes wait to be applied that are not ours ({}). Apply or revert them in the "
      "node's network panel, then apply again.",
      node_of_identity(identity), fmt::join(network.changed(), ", "));
}

schema::Diagnostic foreign_refused(const schema::ResourceAddress& address, const Value& identity,
                                   const NodeNetwork& network) {
  return refused(address, "Somebody else's network changes wait",
                 foreign_reason(identity, network));
}

std::string carrier_reason(const Value& identity) {
  return fmt::format(
      "{} carries the address or the default route of {}. Changing it could lock everybody out, "
      "and "
      "pveplan cannot take such a change back by itself yet. Change it on the node's console.",
      iface_of(identity), node_of_identity(identity));
}

schema::Diagnostic unseen(const schema::ResourceAddress& address, const std::string& reason) {
  return refused(address, "The node's network cannot be read",
                 fmt::format("{} was not written: {}.", address.text(), reason));
}

core::ApiRequest write_request(const std::string& operation, const Value& arguments,
                               const Value& live) {
  const auto identity = argument(arguments, "identity");
  const auto after = argument(arguments, "after");
  const auto item = network_path(identity) + "/" + percent_encode(iface_of(identity));
  if (operation == "delete") return core::ApiRequest("DELETE", item);
  if (operation == "change")
    return core::ApiRequest("PUT", item,
                            bridge_update(live, after, unfinished_of(arguments, "reset")));
  auto parameters = bridge_parameters(after);
  parameters.insert(parameters.begin(), {"iface", iface_of(identity)});
  return core::ApiRequest("POST", network_path(identity), std::move(parameters));
}

/// Whether the waiting file already is as the step wants it.
bool is_written(const std::string& operation, const Value& arguments, const Value* entry) {
  if (operation == "delete") return entry == nullptr;
  return entry != nullptr && bridge_matches(bridge_from_api(*entry), argument(arguments, "after"),
                                            unfinished_of(arguments, "reset"));
}

/// Whether the change gives the attribute another value.
bool sets(const model::Change& change, std::string_view attribute) {
  if (change.action == Action::create) return member(change.after, attribute) != nullptr;
  return std::any_of(change.attributes.begin(), change.attributes.end(), [&](const auto& each) {
    return !each.released && !each.after.is_null() && each.path.text() == attribute;
  });
}

/// What Proxmox would refuse only when the network is written, or not even then.
std::string port_refusal(const model::Change& change, const Value& network,
                         const std::string& node) {
  const auto* ports = member(change.after, "ports");
  if (!sets(change, "ports") || ports == nullptr || ports->kind() != Value::Kind::list) return {};
  const auto interfaces = argument(network, "interfaces");
  const auto used = argument(network, "ports");
  for (const auto& each : ports->as_list()) {
    const auto port = as_text(&each);
    if (const auto* by = member(used, port))
      return fmt::format("{} on {} is a port of {} already. Take it out there first.", port, node,
                         as_text(by));
    // A VLAN of an interface, such as eno1.20, needs no entry of its own.
    const auto base = Value::string(port.substr(0, port.find('.')));
    const auto& known = interfaces.as_list();
    if (std::find(known.begin(), known.end(), base) != known.end()) continue;
    std::vector<std::string> names;
    for (const auto& name : known) names.push_back(as_text(&name));
    return fmt::format("{} has no interface \"{}\" to be a port; it has {}.", node, port,
                       schema::join_words(names));
  }
  return {};
}

std::string network_refusal(const model::Change& change, const Value& identity) {
  const auto network = argument(change.facts, "network");
  const bool writes = change.action == Action::create || change.action == Action::update;
  if (!network.has_fields() || !writes) return {};
  const auto node = node_of_identity(identity);
  for (const char* gateway : {"gateway", "gateway6"}) {
    const auto other = text_of(network, gateway);
    if (sets(change, gateway) && !other.empty())
      return fmt::format(
          "{0} of {1} has the `{2}` already, and a node has one. Leave it out here, or take it "
          "away "
          "there first.",
          other, node, gateway);
  }
  return port_refusal(change, network, node);
}

/// Why the change must not be planned; empty when it may. Of a bridge that shall be new, read() has
/// told it already.
std::string refusal_of(const model::Change& change, const Value& identity) {
  const auto foreign = text_of(change.facts, "foreign");
  if (!foreign.empty()) return foreign;
  if (auto text = network_refusal(change, identity); !text.empty()) return text;
  const bool touches = change.action == Action::update || change.action == Action::remove;
  return touches && flag_of(change.facts, "carries_node") ? carrier_reason(identity) : "";
}

/// Why the step must not be run on what is there; nothing when it may.
std::optional<schema::Diagnostic> objection(const core::Context& context, const model::Step& step,
                                            const NodeNetwork& network) {
  const auto identity = argument(step.arguments, "identity");
  const auto* entry = network.find(iface_of(identity));
  if (step.operation == "create" && entry != nullptr)
    return refused(step.address, "The interface exists and is not managed",
                   fmt::format("{} exists already on {}, and it was not made by this topology. "
                               "Choose another `iface`, or import it.",
                               iface_of(identity), node_of_identity(identity)));
  if (step.operation != "create" && entry != nullptr &&
      carries_node(context, identity, bridge_from_api(*entry)))
    return refused(step.address, "The node itself is reached through this bridge",
                   carrier_reason(identity));
  return std::nullopt;
}

}  // namespace

const std::vector<model::OperationSpec>& BridgeType::operations() const {
  using std::chrono::seconds;
  static const std::vector<model::OperationSpec> kOperations = {
      {"create", ResolverClass::keyed_create, seconds(1)},
      {"change", ResolverClass::goal_state, seconds(1)},
      {"delete", ResolverClass::goal_state, seconds(1)},
      {"reload", ResolverClass::goal_state, seconds(5)},
      {"refuse", ResolverClass::engine_only, seconds(0)},
  };
  return kOperations;
}

model::Identity BridgeType::identity(const schema::ResourceAddress& address,
                                     const Value& desired) const {
  const auto iface = text_of(desired, "iface");
  return Value::map({{"node", Value::string(address.key.value_or(""))},
                     {"iface", Value::string(iface.empty() ? address.name : iface)}});
}

model::Identity BridgeType::adopted_identity(const schema::ResourceAddress& address,
                                             const Value& desired, const std::string& id) const {
  const auto stated = identity(address, desired);
  return id.empty() ? stated : stated.with(schema::Path({"iface"}), Value::string(id));
}

Value BridgeType::exports(const schema::ResourceAddress&, const Value&,
                          const model::Identity& identity) const {
  return Value::map({{"id", argument(identity, "iface")},
                     {"iface", argument(identity, "iface")},
                     {"node", argument(identity, "node")}});
}

async::Task<schema::Result<model::ReadOutcome>> BridgeType::read(core::Context context,
                                                                 model::Identity identity,
                                                                 const model::Row* row) const {
  const Value owned = row == nullptr ? Value() : row->owned;
  const Value notes = row == nullptr ? Value() : row->notes;
  if (row != nullptr) identity = row->identity;
  auto look = co_await look_for_bridge(context, identity, true);
  if (!look.network) co_return model::ReadOutcome(model::Unreadable{look.reason});
  const auto* entry = look.network->find(iface_of(identity));
  const bool removing = flag_of(notes, "removing");
  const bool foreign = !changes_are_ours(context, *look.network, identity);
  if (entry == nullptr && !removing) {
    // the list shows the file as it will be: others may be about to remove it, or to make it
    if (foreign)
      co_return std::unexpected(foreign_refused(
          row == nullptr ? schema::ResourceAddress() : row->address, identity, *look.network));
    model::Absent absent;
    absent.facts = Value::map({{"network", look.network->surroundings_of(iface_of(identity))}});
    co_return model::ReadOutcome(std::move(absent));
  }
  model::LiveObject live;
  live.identity = identity;
  live.attributes = entry == nullptr ? owned : bridge_from_api(*entry);
  if (const auto* nodes = member(owned, "nodes"))
    live.attributes = live.attributes.with(Path({"nodes"}), *nodes);
  live.exported = exports({}, live.attributes, identity);
  Value::Fields facts{{"node", argument(identity, "node")}, {"identity", identity}};
  facts.emplace_back("network", look.network->surroundings_of(iface_of(identity)));
  facts.emplace_back("removing", Value::boolean(removing));
  facts.emplace_back("carries_node",
                     Value::boolean(carries_node(context, identity, live.attributes)));
  if (foreign)
    facts.emplace_back("foreign", Value::string(foreign_reason(identity, *look.network)));
  live.facts = Value::map(std::move(facts));
  co_return model::ReadOutcome(std::move(live));
}

std::vector<model::Step> BridgeType::lower(const model::Change& change) const {
  const bool remove = change.action == Action::remove;
  const auto& identity = remove ? change.living_identity() : change.identity;
  Value::List reset;
  for (const auto& each : change.attributes) {
    if (!each.released && each.after.is_null() && !each.before.is_null())
      reset.push_back(Value::string(each.path.text()));
  }
  const auto arguments = Value::map({{"identity", identity},
                                     {"after", change.after},
                                     {"reset", Value::list(std::move(reset))},
                                     {"remove", Value::boolean(remove)}});
  const auto iface = iface_of(identity);
  const auto node = node_of_identity(identity);
  std::vector<model::Step> steps;
  const auto no = refusal_of(change, identity);
  if (!no.empty()) {
    steps.push_back(make_step(change.address, "refuse", Value::map({{"reason", Value::string(no)}}),
                              "refused"));
    steps.back().writes = 0;
    return steps;
  }
  const auto add = [&](const char* operation, std::string summary) {
    auto step = make_step(change.address, operation, arguments, std::move(summary));
    step.pools = {"network:" + node};
    if (!steps.empty()) step.dependencies.push_back(0);
    steps.push_back(std::move(step));
  };
  const char* operation = remove ? "delete" : change.action == Action::create ? "create" : "change";
  if (!flag_of(change.facts, "removing") || !remove)
    add(operation, fmt::format("{} {} on {}", operation, iface, node));
  add("reload", fmt::format("reload the network of {}", node));
  return steps;
}

async::Task<schema::Result<model::Outcome>> BridgeType::run(core::Context context,
                                                            model::Step step) const {
  if (step.operation == "refuse") return run_refuse(std::move(step));
  if (step.operation == "reload") return run_reload(context, std::move(step));
  return run_write(context, std::move(step));
}

/// Written, and owed: the reload.
model::Outcome BridgeType::written(const schema::ResourceAddress& address,
                                   const std::string& operation, const Value& arguments,
                                   const model::Row* before, const std::string& changes) const {
  model::Row row;
  if (operation == "delete" && before != nullptr) row = *before;
  row.address = address;
  row.schema_version = schema_.version;
  row.identity = argument(arguments, "identity");
  if (operation == "delete") {
    set_note(row, "removing", Value::boolean(true));
  } else {
    row.owned = argument(arguments, "after");
  }
  row.exported = exports(address, row.owned, row.identity);
  set_note(row, "changes", Value::string(changes));
  set_unfinished(row, {"reload"});
  return stored(std::move(row));
}

model::Outcome BridgeType::reloaded(const schema::ResourceAddress& address, const model::Row* row,
                                    const Value& arguments) const {
  model::Outcome outcome;
  outcome.address = address;
  if (flag_of(arguments, "remove") || row == nullptr) return outcome;
  auto finished = *row;
  finished.notes = Value();
  set_unfinished(finished, {});
  outcome.row = std::move(finished);
  return outcome;
}

async::Task<schema::Result<model::Outcome>> BridgeType::run_write(core::Context context,
                                                                  model::Step step) const {
  const auto identity = argument(step.arguments, "identity");
  auto looking = step.operation == "create" ? look_at_network(context, identity, false)
                                            : look_for_bridge(context, identity, false);
  auto look = co_await std::move(looking);
  if (!look.network) co_return std::unexpected(unseen(step.address, look.reason));
  const auto* entry = look.network->find(iface_of(identity));
  if (!changes_are_ours(context, *look.network, identity))
    co_return std::unexpected(foreign_refused(step.address, identity, *look.network));
  if (step.operation != "create" && is_written(step.operation, step.arguments, entry))
    co_return written(step.address, step.operation, step.arguments, context.row(step.address),
                      look.network->fingerprint());
  if (auto no = objection(context, step, *look.network)) co_return std::unexpected(std::move(*no));
  const auto live = entry == nullptr ? Value() : bridge_from_api(*entry);
  core::Write write(write_request(step.operation, step.arguments, live));
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  // what waits now is what the reload, and other bridges of ours, may find
  look = co_await look_at_network(context, identity, false);
  co_return written(step.address, step.operation, step.arguments, context.row(step.address),
                    look.network ? look.network->fingerprint() : std::string());
}

async::Task<schema::Result<model::Outcome>> BridgeType::run_reload(core::Context context,
                                                                   model::Step step) const {
  const auto identity = argument(step.arguments, "identity");
  auto look = co_await look_at_network(context, identity, false);
  if (!look.network) co_return std::unexpected(unseen(step.address, look.reason));
  // nothing waits: the reload of another bridge on this node took ours along
  if (!look.network->has_changes())
    co_return reloaded(step.address, context.row(step.address), step.arguments);
  if (!changes_are_ours(context, *look.network, identity))
    co_return std::unexpected(foreign_refused(step.address, identity, *look.network));
  core::Write write(core::ApiRequest("PUT", network_path(identity)));
  write.forks_task = true;
  auto result = co_await context.write(std::move(write));
  if (result.status != WriteResult::Status::done)
    co_return std::unexpected(diagnostic_of(result, step.address));
  co_return reloaded(step.address, context.row(step.address), step.arguments);
}

async::Task<schema::Result<model::Resolution>> BridgeType::resolve(core::Context context,
                                                                   model::Intent intent) const {
  if (intent.operation == "reload") return resolve_reload(context, std::move(intent));
  return resolve_write(context, std::move(intent));
}

async::Task<schema::Result<model::Resolution>> BridgeType::resolve_write(
    core::Context context, model::Intent intent) const {
  const auto identity = argument(intent.arguments, "identity");
  SettleClock clock(intent);
  for (;;) {
    auto looking = intent.operation == "create" ? look_at_network(context, identity, false)
                                                : look_for_bridge(context, identity, false);
    auto look = co_await std::move(looking);
    if (!look.network) co_return model::Resolution(model::StillOpen{look.reason});
    const auto* entry = look.network->find(iface_of(identity));
    if (is_written(intent.operation, intent.arguments, entry)) {
      model::Done done;
      done.outcome = written(intent.address, intent.operation, intent.arguments,
                             context.row(intent.address), look.network->fingerprint());
      co_return model::Resolution(std::move(done));
    }
    if (entry != nullptr && intent.operation == "create") {
      co_return model::Resolution(
          model::Taken{refused(intent.address, "The interface exists and is not managed",
                               fmt::format("{} exists on {} with other values than ours.",
                                           iface_of(identity), node_of_identity(identity)))});
    }
    if (clock.has_settled(look.server_time)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

async::Task<schema::Result<model::Resolution>> BridgeType::resolve_reload(
    core::Context context, model::Intent intent) const {
  const auto identity = argument(intent.arguments, "identity");
  const auto node = node_of_identity(identity);
  SettleClock clock(intent);
  for (;;) {
    auto trace = co_await follow_task(context, node, "srvreload", "networking", intent);
    if (trace.open) co_return model::Resolution(model::StillOpen{trace.reason});
    if (trace.failed) co_return model::Resolution(model::NotDone());
    auto look = co_await look_at_network(context, identity, false);
    if (!look.network) co_return model::Resolution(model::StillOpen{look.reason});
    if (!look.network->has_changes()) {
      model::Done done;
      done.outcome = reloaded(intent.address, context.row(intent.address), intent.arguments);
      co_return model::Resolution(std::move(done));
    }
    if (clock.has_settled(look.server_time)) co_return model::Resolution(model::NotDone());
    co_await context.pause(SettleClock::kPause);
  }
}

}  // namespace pveplan::pve
