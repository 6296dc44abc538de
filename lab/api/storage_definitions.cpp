// Storage definitions are made, changed and removed here; storage_list.cpp reads them.

#include "lab/api/areas.hpp"
#include "lab/api/storage_config.hpp"
#include "lab/api/storage_types.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// Of the parameters, those that storage.cfg keeps.
std::map<std::string, std::string> given_options(const Call& call) {
  std::map<std::string, std::string> options;
  for (const auto& [name, value] : call.parameters.all()) {
    const bool about_call = matches(name, "storage|type|delete|digest");
    if (!about_call && !value.is_null()) options[name] = call.parameters.text(name);
  }
  return options;
}

Attempt<void> check_known(const std::string& type,
                          const std::map<std::string, std::string>& options) {
  for (const auto& [name, text] : options) {
    if (storage_option_rule(type, name) == OptionRule::unknown)
      return fail(fmt::format("unexpected property '{}'", name));
  }
  return {};
}

/// What the plugin lacks is left out with no more than a warning in the log of the daemon.
void settle_contents(StorageDefinition& definition) {
  const auto wanted = split_list(storage_option(definition, "content"));
  if (wanted.empty()) return;
  definition.options["content"] = join(usable_contents(definition.type, wanted), ",");
}

/// Why the storage cannot be activated; empty when it can. The lab has one thin pool and no server
/// of any network storage.
std::string activation_failure(const World& world, const std::string& id,
                               const StorageDefinition& definition) {
  if (storage_option(definition, "disable") == "1") return {};
  if (matches(definition.type, "nfs|cifs|cephfs|glusterfs|iscsi|iscsidirect|rbd|pbs|esxi|zfs"))
    return fmt::format("storage '{}' is not online", id);
  if (definition.type != "lvmthin") return {};
  const std::string pool =
      storage_option(definition, "vgname") + "/" + storage_option(definition, "thinpool");
  if (pool == "pve/data") return {};
  for (const auto& [other, known] : world.storage.definitions) {
    if (storage_option(known, "vgname") + "/" + storage_option(known, "thinpool") == pool)
      return {};
  }
  return fmt::format("no such logical volume {}", pool);
}

/// The room of a directory is that of the root file system.
void make_room(World& world, const std::string& id) {
  for (const auto& [name, node] : world.nodes) {
    world.storage.spaces[id][name] = {node.hardware.root_disk, node.hardware.root_used, true};
  }
}

Value short_answer(const std::string& id, const StorageDefinition& definition) {
  return Value::map({{"storage", str(id)}, {"type", str(definition.type)}});
}

Reply create_definition(Call& call) {
  const std::string id = call.parameters.text("storage");
  StorageDefinition definition{call.parameters.text("type"), given_options(call)};
  for (const std::string& name : needed_storage_options(definition.type)) {
    if (!definition.options.contains(name))
      return fail(fmt::format("missing value for required option '{}'", name));
  }
  if (auto known = check_known(definition.type, definition.options); !known)
    return std::unexpected(known.error());
  if (call.world.storage.definitions.contains(id))
    return fail(fmt::format("create storage failed: storage ID '{}' already defined", id));
  settle_contents(definition);
  if (!definition.options.contains("content"))
    definition.options["content"] = join(default_contents(definition.type), ",");
  std::erase_if(definition.options,
                [](const auto& entry) { return is_secret_option(entry.first); });
  if (const auto problem = activation_failure(call.world, id, definition); !problem.empty())
    return fail("create storage failed: " + problem);
  make_room(call.world, id);
  const Value answer = short_answer(id, definition);
  call.world.storage.definitions[id] = std::move(definition);
  return answer;
}

Attempt<void> remove_option(StorageDefinition& definition, const std::string& name) {
  switch (storage_option_rule(definition.type, name)) {
    case OptionRule::unknown:
      return fail(fmt::format("no such option '{}'", name));
    case OptionRule::required:
      return fail(fmt::format("unable to delete required option '{}'", name));
    case OptionRule::fixed:
    case OptionRule::fixed_optional:
      return fail(fmt::format("unable to delete fixed option '{}'", name));
    case OptionRule::optional:
      definition.options.erase(name);
  }
  return {};
}

Attempt<void> change_option(StorageDefinition& definition, const std::string& name,
                            const std::string& text) {
  const OptionRule rule = storage_option_rule(definition.type, name);
  const bool fixed = rule == OptionRule::fixed || rule == OptionRule::fixed_optional;
  if (fixed && storage_option(definition, name) != text)
    return fail(fmt::format("can't change value of fixed parameter '{}'", name));
  if (!is_secret_option(name)) definition.options[name] = text;
  return {};
}

Attempt<StorageDefinition> changed_definition(Call& call, const std::string& id) {
  const auto found = call.world.storage.definitions.find(id);
  if (found == call.world.storage.definitions.end())
    return fail(fmt::format("storage '{}' does not exist", id));
  const std::string digest = call.parameters.text("digest");
  if (!digest.empty() && digest != storage_digest(call.world))
    return fail("detected modified configuration - file changed by other user? Try again.");
  StorageDefinition definition = found->second;
  const auto options = given_options(call);
  if (auto known = check_known(definition.type, options); !known)
    return std::unexpected(known.error());
  for (const std::string& name : call.parameters.list("delete")) {
    if (auto removed = remove_option(definition, name); !removed)
      return std::unexpected(removed.error());
  }
  for (const auto& [name, text] : options) {
    if (auto changed = change_option(definition, name, text); !changed)
      return std::unexpected(changed.error());
  }
  settle_contents(definition);
  return definition;
}

Reply update_definition(Call& call) {
  const std::string id = call.parameters.text("storage");
  auto definition = changed_definition(call, id);
  if (!definition) return wrap("update storage", definition.error());
  const Value answer = short_answer(id, *definition);
  call.world.storage.definitions[id] = std::move(*definition);
  return answer;
}

/// What lies on the storage stays there, unseen.
Reply remove_definition(Call& call) {
  const std::string id = call.parameters.text("storage");
  if (call.world.storage.definitions.erase(id) == 0)
    return fail(fmt::format("delete storage failed: storage '{}' does not exist", id));
  call.world.storage.spaces.erase(id);
  return Payload{};
}

}  // namespace

void add_storage_definition_calls(ApiTable& api) {
  const auto allocate = needs("/storage", {"Datastore.Allocate"});
  api.post("/storage", create_definition)
      .allowed(allocate)
      .privileged()
      .takes(storage_parameters(api.major(), true));
  api.put("/storage/{storage}", update_definition)
      .allowed(allocate)
      .privileged()
      .takes(storage_parameters(api.major(), false));
  api.remove("/storage/{storage}", remove_definition)
      .allowed(allocate)
      .privileged()
      .takes({storage_id()});
}

}  // namespace pveplan::lab
