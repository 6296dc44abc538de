#include "lab/api/access.hpp"
#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/privileges.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;
using PrivilegeSet = std::set<std::string>;

Value role_entry(const std::string& id, const PrivilegeSet& privileges, bool special) {
  return Value::map(
      {{"roleid", str(id)}, {"privs", str(join(privileges, ","))}, {"special", bit(special)}});
}

Reply list_roles(Call& call) {
  Value::List list;
  for (const auto& [id, privileges] : built_in_roles(call.major())) {
    list.push_back(role_entry(id, privileges, true));
  }
  for (const auto& [id, privileges] : call.world.access.custom_roles) {
    list.push_back(role_entry(id, privileges, false));
  }
  return Value::list(std::move(list));
}

bool is_built_in(const Call& call, const std::string& id) {
  return built_in_roles(call.major()).contains(id);
}

Attempt<PrivilegeSet*> find_custom(Call& call, const std::string& id) {
  auto& roles = call.world.access.custom_roles;
  const auto role = roles.find(id);
  if (role == roles.end()) return fail(fmt::format("role '{}' does not exist", id));
  return &role->second;
}

Reply read_role(Call& call) {
  const std::string id = call.parameters.text("roleid");
  PrivilegeSet privileges;
  if (is_built_in(call, id)) {
    privileges = built_in_roles(call.major()).at(id);
  } else {
    const auto custom = find_custom(call, id);
    if (!custom) return std::unexpected(custom.error());
    privileges = **custom;
  }
  Value::Fields fields;
  for (const std::string& privilege : privileges) fields.emplace_back(privilege, num(1));
  return Value::map(std::move(fields));
}

PrivilegeSet given_privileges(const Call& call) {
  const auto names = call.parameters.list("privs");
  return {names.begin(), names.end()};
}

Reply create_role(Call& call) {
  const std::string id = call.parameters.text("roleid");
  if (to_lower(id).starts_with("pve")) {
    return bad_parameter("roleid",
                         "cannot use role ID starting with the (case-insensitive) 'PVE' namespace");
  }
  if (is_built_in(call, id) || call.world.access.custom_roles.contains(id)) {
    return fail(fmt::format("create role failed: role '{}' already exists", id));
  }
  call.world.access.custom_roles[id] = given_privileges(call);
  return Payload{};
}

Reply update_role(Call& call) {
  const std::string id = call.parameters.text("roleid");
  if (is_built_in(call, id))
    return fail(fmt::format("auto-generated role '{}' cannot be modified", id));
  const auto role = find_custom(call, id);
  if (!role) return wrap("update role", role.error());
  if (!call.parameters.flag("append")) (*role)->clear();
  (*role)->merge(given_privileges(call));
  return Payload{};
}

void forget_role(AclNode& node, const std::string& id) {
  for (auto* grants : {&node.users, &node.groups, &node.tokens}) {
    for (auto& [who, roles] : *grants) roles.erase(id);
    std::erase_if(*grants, [](const auto& entry) { return entry.second.empty(); });
  }
}

Reply delete_role(Call& call) {
  const std::string id = call.parameters.text("roleid");
  if (is_built_in(call, id))
    return fail(fmt::format("auto-generated role '{}' cannot be deleted", id));
  const auto role = find_custom(call, id);
  if (!role) return wrap("delete role", role.error());
  call.world.access.custom_roles.erase(id);
  forget_in_acl(call.world.access, [&](AclNode& node) { forget_role(node, id); });
  return Payload{};
}

Parameter role_name() { return text("roleid").of_format("pve-roleid"); }

}  // namespace

void add_role_calls(ApiTable& api) {
  api.get("/access/roles", list_roles).allowed(everyone());
  api.post("/access/roles", create_role)
      .allowed(needs("/access", {"Sys.Modify"}))
      .privileged()
      .takes({role_name(), text("privs").of_format("pve-priv-list").optional()});
  api.get("/access/roles/{roleid}", read_role).allowed(everyone()).takes({role_name()});
  api.put("/access/roles/{roleid}", update_role)
      .allowed(needs("/access", {"Sys.Modify"}))
      .privileged()
      .takes({role_name(), text("privs").of_format("pve-priv-list").optional(),
              flag("append").with("privs").optional()});
  api.remove("/access/roles/{roleid}", delete_role)
      .allowed(needs("/access", {"Sys.Modify"}))
      .privileged()
      .takes({role_name()});
}

}  // namespace pveplan::lab
