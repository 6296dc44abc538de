#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/privileges.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// The objects that an ACL may name.
bool is_acl_path(const std::string& path) {
  static const std::string kId = "[A-Za-z0-9.\\-_]+";
  static const std::string kPattern =
      "/|/access|/access/groups|/access/realm|/access/(groups|realm)/" + kId +
      "|/mapping|/mapping/(hwrng|pci|usb|dir|cpu)(/" + kId + ")?|/nodes(/" + kId + ")?|/pool(/" +
      kId + "){0,3}|/sdn|/sdn/(zones|controllers|dns|ipams|fabrics)(/" + kId + ")?|/sdn/zones/" +
      kId + "/" + kId + "(/[1-9][0-9]{0,3})?|/storage(/" + kId + ")?|/vms|/vms/[1-9][0-9]{2,}";
  return matches(path, kPattern);
}

void list_grants(const std::string& path, const char* type, const AclNode::Grants& grants,
                 Value::List& list) {
  for (const auto& [who, roles] : grants) {
    for (const auto& [role, propagate] : roles) {
      list.push_back(Value::map({{"path", str(path)},
                                 {"type", str(type)},
                                 {"ugid", str(who)},
                                 {"roleid", str(role)},
                                 {"propagate", bit(propagate)}}));
    }
  }
}

Reply list_acl(Call& call) {
  Value::List list;
  const bool audit = call.may_any("/access", {"Sys.Audit", "Permissions.Modify"});
  for (const auto& [path, node] : call.world.access.acl) {
    if (!audit && !may_modify(call.world, call.caller.who, path)) continue;
    list_grants(path, "user", node.users, list);
    list_grants(path, "group", node.groups, list);
    list_grants(path, "token", node.tokens, list);
  }
  return Value::list(std::move(list));
}

const std::set<std::string>* find_role(const Call& call, const std::string& role) {
  const auto& built_in = built_in_roles(call.major());
  if (const auto found = built_in.find(role); found != built_in.end()) return &found->second;
  const auto& custom = call.world.access.custom_roles;
  const auto found = custom.find(role);
  return found == custom.end() ? nullptr : &found->second;
}

/// Who may not change permissions freely hands out, or takes, at most what he holds himself.
Attempt<void> check_superset(const Call& call, const Privileges& held, const std::string& role,
                             const std::set<std::string>& privileges, bool propagate) {
  if (call.is_root() || held.contains("Permissions.Modify")) return {};
  const char* verb = call.parameters.flag("delete") ? "remove" : "add";
  for (const std::string& privilege : privileges) {
    const auto found = held.find(privilege);
    if (found == held.end()) {
      return bad_parameter("role",
                           fmt::format("Cannot {} role '{}' - requires 'Permissions.Modify' or "
                                       "superset of privileges.",
                                       verb, role));
    }
    if (propagate && !found->second) {
      return bad_parameter("role",
                           fmt::format("Cannot {} role '{}' with propagation - requires "
                                       "'Permissions.Modify' or propagated superset of privileges.",
                                       verb, role));
    }
  }
  return {};
}

Attempt<void> check_token(const Access& access, const std::string& full) {
  const std::string user = full.substr(0, full.find('!'));
  const std::string id = full.substr(full.find('!') + 1);
  const auto owner = access.users.find(user);
  if (owner == access.users.end()) return fail(fmt::format("no such user ('{}')", user));
  if (!owner->second.tokens.contains(id)) {
    return fail(fmt::format("no such token '{}' for user '{}'", id, user));
  }
  return {};
}

Attempt<void> check_targets(const Call& call) {
  const Access& access = call.world.access;
  for (const std::string& group : call.parameters.list("groups")) {
    if (!access.groups.contains(group))
      return fail(fmt::format("group '{}' does not exist", group));
  }
  for (const std::string& user : call.parameters.list("users")) {
    if (!access.users.contains(user)) return fail(fmt::format("user '{}' does not exist", user));
  }
  for (const std::string& token : call.parameters.list("tokens")) {
    if (auto known = check_token(access, token); !known) return known;
  }
  return {};
}

void change(AclNode::Grants& grants, const std::string& who, const std::string& role,
            std::optional<bool> propagate) {
  if (propagate) {
    grants[who][role] = *propagate;
    return;
  }
  const auto entry = grants.find(who);
  if (entry == grants.end()) return;
  entry->second.erase(role);
  if (entry->second.empty()) grants.erase(entry);
}

Attempt<void> apply_roles(Call& call, const std::string& path) {
  const bool propagate = call.parameters.flag("propagate", true);
  const Privileges held = privileges_on(call.world, call.caller.who, path);
  AclNode node = call.world.access.acl[path];
  for (const std::string& role : call.parameters.list("roles")) {
    const auto* privileges = find_role(call, role);
    if (privileges == nullptr) return fail(fmt::format("role '{}' does not exist", role));
    if (auto fit = check_superset(call, held, role, *privileges, propagate); !fit) return fit;
    if (auto known = check_targets(call); !known) return known;
    const auto flag = call.parameters.flag("delete") ? std::nullopt : std::optional(propagate);
    for (const auto& group : call.parameters.list("groups")) change(node.groups, group, role, flag);
    for (const auto& user : call.parameters.list("users")) change(node.users, user, role, flag);
    for (const auto& token : call.parameters.list("tokens")) change(node.tokens, token, role, flag);
  }
  call.world.access.acl[path] = node;
  return {};
}

Reply update_acl(Call& call) {
  const Parameters& given = call.parameters;
  if (!given.has("users") && !given.has("groups") && !given.has("tokens")) {
    const std::string problem = "either 'users', 'groups' or 'tokens' is required.";
    return bad_parameters({{"users", problem}, {"groups", problem}, {"tokens", problem}});
  }
  const std::string path = normalize_acl_path(given.text("path"));
  if (path.empty() || (!given.flag("delete") && !is_acl_path(path))) {
    return bad_parameter("path", fmt::format("invalid ACL path '{}'", given.text("path")));
  }
  const auto applied = apply_roles(call, path);
  auto& acl = call.world.access.acl;
  if (acl[path].empty()) acl.erase(path);
  if (!applied) return wrap("ACL update", applied.error());
  return Payload{};
}

}  // namespace

void add_acl_calls(ApiTable& api) {
  api.get("/access/acl", list_acl).allowed(everyone());
  api.put("/access/acl", update_acl)
      .allowed(may_modify_acl())
      .privileged()
      .takes({flag("delete").optional(), text("groups").of_format("pve-groupid-list").optional(),
              text("path"), flag("propagate").optional(),
              text("roles").of_format("pve-roleid-list"),
              text("tokens").of_format("pve-tokenid-list").optional(),
              text("users").of_format("pve-userid-list").optional()});
}

}  // namespace pveplan::lab
