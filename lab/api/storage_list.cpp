// Reading of storage definitions and of their state on a node.

#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/api/storage_config.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

bool may_see(const Call& call, const std::string& storage) {
  return call.may_any("/storage/" + storage, {"Datastore.Audit", "Datastore.AllocateSpace"});
}

Reply list_definitions(Call& call) {
  const std::string digest = storage_digest(call.world);
  Value::List list;
  for (const auto& [id, definition] : call.world.storage.definitions) {
    if (!may_see(call, id)) continue;
    if (call.parameters.has("type") && call.parameters.text("type") != definition.type) continue;
    list.push_back(definition_value(id, definition, digest));
  }
  return Value::list(std::move(list));
}

Reply read_definition(Call& call) {
  const std::string id = call.parameters.text("storage");
  const auto found = call.world.storage.definitions.find(id);
  if (found == call.world.storage.definitions.end()) {
    return fail(fmt::format("storage '{}' does not exist", id));
  }
  return definition_value(id, found->second, storage_digest(call.world));
}

Value state_fields(const Call& call, const std::string& id, const StorageDefinition& definition) {
  const Usage usage = storage_usage(call.world, id, call.node);
  return Value::map({{"type", str(definition.type)},
                     {"content", str(storage_option(definition, "content"))},
                     {"shared", bit(is_shared(definition))},
                     {"enabled", bit(is_enabled(definition))},
                     {"active", bit(usage.active && is_enabled(definition))},
                     {"total", num(usage.total)},
                     {"used", num(usage.used)},
                     {"avail", num(usage.available)}});
}

bool has_content(const StorageDefinition& definition, const std::vector<std::string>& wanted) {
  const auto held = split_list(storage_option(definition, "content"));
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& one) {
           return std::find(held.begin(), held.end(), one) != held.end();
         });
}

Value fraction(const Value& state) {
  const auto total = state.find("total")->as_integer();
  const auto used = state.find("used")->as_integer();
  if (total == 0 || used == 0) return num(0);
  return Value::decimal(
      fmt::format("{:.15f}", static_cast<double>(used) / static_cast<double>(total)));
}

Reply list_states(Call& call) {
  Value::List list;
  for (const auto& [id, definition] : call.world.storage.definitions) {
    if (!is_on_node(definition, call.node) || !may_see(call, id)) continue;
    if (call.parameters.has("storage") && call.parameters.text("storage") != id) continue;
    if (call.parameters.flag("enabled") && !is_enabled(definition)) continue;
    if (!has_content(definition, call.parameters.list("content"))) continue;
    const Value state = state_fields(call, id, definition);
    list.push_back(state.with(schema::Path({"storage"}), str(id))
                       .with(schema::Path({"used_fraction"}), fraction(state)));
  }
  return Value::list(std::move(list));
}

Reply read_state(Call& call) {
  const std::string id = call.parameters.text("storage");
  const auto found = call.world.storage.definitions.find(id);
  if (found == call.world.storage.definitions.end() || !is_on_node(found->second, call.node)) {
    return bad_parameter("storage", "No such storage.");
  }
  return state_fields(call, id, found->second);
}

/// No plugin of the lab's storages has it.
Reply read_identity(Call& call) {
  const std::string id = call.parameters.text("storage");
  if (!call.world.storage.definitions.contains(id))
    return fail(fmt::format("storage '{}' does not exist", id));
  return fail(
      "get_identity not implemented for this plugin at /usr/share/perl5/PVE/Storage/Plugin.pm line "
      "2681.");
}

}  // namespace

void add_storage_list_calls(ApiTable& api) {
  const auto see = needs_any("/storage/{storage}", {"Datastore.Audit", "Datastore.AllocateSpace"});
  api.get("/storage", list_definitions)
      .allowed(everyone())
      .takes({text("type").one_of(storage_types(api.major())).optional()});
  api.get("/storage/{storage}", read_definition)
      .allowed(needs("/storage/{storage}", {"Datastore.Allocate"}))
      .takes({storage_id()});
  api.get("/nodes/{node}/storage", list_states)
      .allowed(everyone())
      .privileged()
      .on_node()
      .takes({text("content").of_format("pve-storage-content-list").optional(),
              flag("enabled").optional(), flag("format").optional(), storage_id().optional(),
              node_name("target").optional()});
  api.get("/nodes/{node}/storage/{storage}/identity", read_identity)
      .allowed(see)
      .privileged()
      .on_node()
      .takes({storage_id()})
      .only_in(9);
  api.get("/nodes/{node}/storage/{storage}/status", read_state)
      .allowed(see)
      .privileged()
      .on_node()
      .takes({storage_id()});
}

}  // namespace pveplan::lab
