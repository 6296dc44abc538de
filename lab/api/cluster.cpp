#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Reply cluster_status(Call& call) {
  Value::List list;
  const World& world = call.world;
  if (!world.cluster.name.empty()) {
    list.push_back(Value::map({{"type", str("cluster")},
                               {"id", str("cluster")},
                               {"name", str(world.cluster.name)},
                               {"version", num(static_cast<std::int64_t>(world.nodes.size()))},
                               {"nodes", num(static_cast<std::int64_t>(world.nodes.size()))},
                               {"quorate", bit(world.cluster.quorate)}}));
  }
  for (const auto& [name, node] : world.nodes) {
    list.push_back(Value::map({{"type", str("node")},
                               {"id", str("node/" + name)},
                               {"name", str(name)},
                               {"nodeid", num(node.id)},
                               {"ip", str(node.address)},
                               {"online", bit(node.online)},
                               {"local", bit(name == call.node)},
                               {"level", str("")}}));
  }
  return Value::list(std::move(list));
}

bool wants(const Call& call, std::string_view type) {
  return !call.parameters.has("type") || call.parameters.text("type") == type;
}

void add_guests(const Call& call, Value::List& list) {
  for (const auto& [vmid, guest] : call.world.guests) {
    if (call.may(fmt::format("/vms/{}", vmid), "VM.Audit")) {
      list.push_back(guest_resource(call.world, vmid, guest));
    }
  }
}

void add_nodes(const Call& call, Value::List& list) {
  for (const auto& [name, node] : call.world.nodes) {
    const bool stats = call.may("/nodes/" + name, "Sys.Audit");
    Value entry = node_resource(call.world, name, node, stats);
    if (node.online) entry = entry.with(schema::Path({"cgroup-mode"}), num(1));
    list.push_back(std::move(entry));
  }
}

void add_storages(const Call& call, Value::List& list) {
  for (const auto& [id, definition] : call.world.storage.definitions) {
    if (!call.may_any("/storage/" + id, {"Datastore.Audit", "Datastore.AllocateSpace"})) continue;
    for (Value& entry : storage_resources(call.world, id)) list.push_back(std::move(entry));
  }
}

/// Every node's own bridges appear as a zone, under another type from version 9 on.
void add_local_networks(const Call& call, Value::List& list) {
  const bool nine = call.major() >= 9;
  if (!call.may("/sdn/zones/localnetwork", "SDN.Audit")) return;
  if (nine ? call.parameters.has("type") : !wants(call, "sdn")) return;
  for (const auto& [name, node] : call.world.nodes) {
    const char* type = nine ? "network" : "sdn";
    Value::Fields fields{
        {"id", str(fmt::format("{}/{}/{}localnetwork", type, name, nine ? "zone/" : ""))},
        {"type", str(type)},
        {type, str("localnetwork")},
        {"node", str(name)},
        {"status", str(node.online ? "ok" : "unknown")}};
    if (nine) fields.emplace_back("network-type", str("zone"));
    list.push_back(Value::map(std::move(fields)));
  }
}

void add_pools(const Call& call, Value::List& list) {
  for (const auto& [id, pool] : call.world.access.pools) {
    if (!call.may("/pool/" + id, "Pool.Audit")) continue;
    list.push_back(
        Value::map({{"id", str("/pool/" + id)}, {"pool", str(id)}, {"type", str("pool")}}));
  }
}

Reply resources(Call& call) {
  Value::List list;
  if (!call.parameters.has("type")) add_pools(call, list);
  if (wants(call, "vm")) add_guests(call, list);
  if (wants(call, "node")) add_nodes(call, list);
  if (wants(call, "storage")) add_storages(call, list);
  add_local_networks(call, list);
  return Value::list(std::move(list));
}

/// The cluster log is kept by the real cluster file system; the lab logs nothing.
Reply cluster_log(Call&) { return Value::list({}); }

/// The bounds of the datacenter option next-id; the upper one is not given out.
std::pair<int, int> id_range(const World& world) {
  int lower = 100;
  int upper = 1'000'000;
  const auto option = world.cluster.options.find("next-id");
  if (option == world.cluster.options.end()) return {lower, upper};
  for (const std::string& part : split(option->second, ',')) {
    const auto value = static_cast<int>(to_integer(part.substr(part.find('=') + 1)).value_or(0));
    if (part.starts_with("lower=")) lower = value;
    if (part.starts_with("upper=")) upper = value;
  }
  return {lower, upper};
}

Reply next_id(Call& call) {
  if (const auto wanted = call.parameters.maybe("vmid")) {
    if (call.world.guests.contains(static_cast<int>(call.parameters.integer("vmid")))) {
      return bad_parameter("vmid", fmt::format("VM {} already exists", *wanted));
    }
    return str(*wanted);
  }
  const auto [lower, upper] = id_range(call.world);
  for (int id = lower; id < upper; ++id) {
    if (!call.world.guests.contains(id)) return str(std::to_string(id));
  }
  return fail(fmt::format("unable to get any free VMID in range [{}, {}]", lower, upper));
}

}  // namespace

void add_cluster_calls(ApiTable& api) {
  api.get("/cluster/status", cluster_status).allowed(needs("/", {"Sys.Audit"})).privileged();
  api.get("/cluster/resources", resources)
      .allowed(everyone())
      .takes({text("type").one_of({"vm", "storage", "node", "sdn"}).optional()});
  api.get("/cluster/log", cluster_log)
      .allowed(everyone())
      .takes({integer("max").at_least(1).optional()})
      .known(Knowledge::assumed);
  api.get("/cluster/nextid", next_id).allowed(everyone()).takes({guest_id().optional()});
}

}  // namespace pveplan::lab
