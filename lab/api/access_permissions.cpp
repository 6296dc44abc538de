#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"

namespace pveplan::lab {
namespace {

using schema::Value;

Value privilege_fields(const Privileges& privileges) {
  Value::Fields fields;
  for (const auto& [privilege, propagate] : privileges)
    fields.emplace_back(privilege, bit(propagate));
  return Value::map(std::move(fields));
}

/// Every path where something could be granted: the top ones, those of the ACL, and what lies in
/// pools.
std::set<std::string> interesting_paths(const World& world) {
  std::set<std::string> paths{"/",     "/access", "/access/groups", "/nodes",
                              "/pool", "/sdn",    "/storage",       "/vms"};
  for (const auto& [path, node] : world.access.acl) paths.insert(path);
  for (const auto& [name, pool] : world.access.pools) {
    for (const int guest : pool.guests) paths.insert("/vms/" + std::to_string(guest));
    for (const std::string& storage : pool.storages) paths.insert("/storage/" + storage);
  }
  return paths;
}

Reply permissions(Call& call) {
  const std::string who = call.parameters.maybe("userid").value_or(call.caller.who);
  if (who != call.caller.who) {
    const auto allowed = require_privilege(call.world, call.caller.who, "/access", "Sys.Audit");
    if (!allowed && !call.is_root()) return std::unexpected(allowed.error());
  }
  Value::Fields fields;
  if (const auto path = call.parameters.maybe("path")) {
    const Privileges held = privileges_on(call.world, who, normalize_acl_path(*path));
    fields.emplace_back(*path, privilege_fields(held));
    return Value::map(std::move(fields));
  }
  for (const std::string& path : interesting_paths(call.world)) {
    const Privileges held = privileges_on(call.world, who, path);
    if (!held.empty()) fields.emplace_back(path, privilege_fields(held));
  }
  return Value::map(std::move(fields));
}

}  // namespace

void add_permission_calls(ApiTable& api) {
  api.get("/access/permissions", permissions)
      .allowed(everyone())
      .takes({text("path").optional(),
              text("userid")
                  .matching("[^\\s:/]+@[A-Za-z][A-Za-z0-9.\\-_]+(?:![A-Za-z][A-Za-z0-9.\\-_]+)?")
                  .optional()});
}

}  // namespace pveplan::lab
