#include "lab/api/storage_access.hpp"

#include "lab/api/resources.hpp"
#include "lab/api/storage_config.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::lab {
namespace {

Attempt<void> require_on(const Call& call, const std::string& path, const std::string& privilege) {
  return require_privilege(call.world, call.caller.who, path, privilege);
}

/// By what the volume is, once the storage as a whole is not the caller's.
Attempt<void> require_by_content(const Call& call, const std::string& volid, const VolumeName& name,
                                 int guest) {
  const std::string storage = "/storage/" + parse_volume_id(volid)->storage;
  if (matches(name.content, "iso|vztmpl|import")) {
    return require_any(call.world, call.caller.who, storage,
                       {"Datastore.AllocateSpace", "Datastore.Audit"});
  }
  if (name.guest != 0 && name.guest == guest) return {};
  const std::string owner = fmt::format("/vms/{}", name.guest);
  if (name.content == "backup" && name.guest != 0) {
    const auto allowed = require_on(call, storage, "Datastore.AllocateSpace");
    return allowed ? require_on(call, owner, "VM.Backup") : allowed;
  }
  if (name.content == "images" && name.guest != 0) {
    const auto allowed = require_on(call, storage, "Datastore.Audit");
    return allowed ? require_on(call, owner, "VM.Config.Disk") : allowed;
  }
  return fail(fmt::format("missing privileges to access {}", volid));
}

}  // namespace

Attempt<const StorageDefinition*> usable_storage(const World& world, const std::string& storage,
                                                 const std::string& node) {
  const auto found = world.storage.definitions.find(storage);
  if (found == world.storage.definitions.end())
    return fail(fmt::format("storage '{}' does not exist", storage));
  if (!is_enabled(found->second)) return fail(fmt::format("storage '{}' is disabled", storage));
  if (!is_on_node(found->second, node))
    return fail(fmt::format("storage '{}' is not available on node '{}'", storage, node));
  return &found->second;
}

Attempt<void> require_volume(const Call& call, const std::string& volid, int guest) {
  const auto id = parse_volume_id(volid);
  if (!id) return fail(fmt::format("unable to parse volume ID '{}'", volid));
  const auto definition = call.world.storage.definitions.find(id->storage);
  if (definition == call.world.storage.definitions.end())
    return fail(fmt::format("storage '{}' does not exist", id->storage));
  const auto name = parse_volume_name(definition->second, id->name);
  if (!name) return fail(name.error());
  if (call.may("/storage/" + id->storage, "Datastore.Allocate")) return {};
  return require_by_content(call, volid, *name, guest);
}

bool holds_content(const StorageDefinition& definition, const std::string& content) {
  const auto held = split_list(storage_option(definition, "content"));
  return std::find(held.begin(), held.end(), content) != held.end();
}

}  // namespace pveplan::lab
