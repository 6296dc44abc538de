#include "lab/core/permission.hpp"

#include "lab/core/parameters.hpp"
#include "lab/core/privileges.hpp"
#include "lab/core/text.hpp"
#include "lab/world/world.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using RoleFlags = std::map<std::string, bool>;

/// "/", "/vms", "/vms/100" for "/vms/100".
std::vector<std::string> ancestry(const std::string& path) {
  std::vector<std::string> chain{"/"};
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    chain.push_back(path.substr(0, at));
  }
  if (path != "/") chain.push_back(path);
  return chain;
}

/// The grants of one entry list that count on a path: all on the path itself, the propagating ones
/// from above.
RoleFlags effective(const std::map<std::string, bool>& granted, bool final) {
  RoleFlags roles;
  for (const auto& [role, propagate] : granted) {
    if (final || propagate) roles[role] = propagate;
  }
  return roles;
}

RoleFlags grants_for(const AclNode::Grants& grants, const std::string& who, bool final) {
  const auto found = grants.find(who);
  return found == grants.end() ? RoleFlags{} : effective(found->second, final);
}

RoleFlags group_grants(const World& world, const AclNode& node, const std::string& user,
                       bool final) {
  RoleFlags roles;
  for (const auto& [group, granted] : node.groups) {
    const auto found = world.access.groups.find(group);
    if (found == world.access.groups.end() || !found->second.members.contains(user)) continue;
    for (const auto& [role, propagate] : effective(granted, final)) roles[role] = propagate;
  }
  return roles;
}

/// One path step: what it grants replaces what came from above. A user's own entry beats groups.
void apply_step(const World& world, const std::string& who, const std::string& step, bool final,
                RoleFlags& roles) {
  const auto found = world.access.acl.find(step);
  if (found == world.access.acl.end()) return;
  const bool token = who.find('!') != std::string::npos;
  RoleFlags fresh = grants_for(token ? found->second.tokens : found->second.users, who, final);
  if (fresh.empty() && !token) fresh = group_grants(world, found->second, who, final);
  if (!fresh.empty()) roles = std::move(fresh);
}

const std::set<std::string>* role_privileges(const World& world, const std::string& role) {
  const auto& built_in = built_in_roles(world.release.major);
  if (const auto found = built_in.find(role); found != built_in.end()) return &found->second;
  const auto& custom = world.access.custom_roles;
  const auto found = custom.find(role);
  return found == custom.end() ? nullptr : &found->second;
}

void expand(const World& world, const RoleFlags& roles, Privileges& result) {
  for (const auto& [role, propagate] : roles) {
    const auto* privileges = role_privileges(world, role);
    if (privileges == nullptr) continue;
    for (const std::string& privilege : *privileges) {
      bool& flag = result.try_emplace(privilege, false).first->second;
      flag = flag || propagate;
    }
  }
}

/// Roles of the pools that hold the guest or storage of a path come on top of the path's own.
void add_pool_roles(const World& world, const std::string& who, const std::string& path,
                    Privileges& result) {
  const auto parts = split(path, '/');
  if (parts.size() != 3 || (parts[1] != "vms" && parts[1] != "storage")) return;
  for (const auto& [name, pool] : world.access.pools) {
    const bool member =
        parts[1] == "storage"
            ? pool.storages.contains(parts[2])
            : pool.guests.contains(static_cast<int>(to_integer(parts[2]).value_or(0)));
    if (member) expand(world, roles_on(world, who, "/pool/" + name), result);
  }
}

Privileges user_privileges(const World& world, const std::string& who, const std::string& path) {
  Privileges result;
  if (who == "root@pam") {
    for (const std::string& privilege : all_privileges(world.release.major))
      result[privilege] = true;
    return result;
  }
  if (path.empty()) return result;
  const RoleFlags roles = roles_on(world, who, path);
  if (roles.contains("NoAccess")) return result;
  expand(world, roles, result);
  add_pool_roles(world, who, path, result);
  return result;
}

const Token* find_token(const World& world, const std::string& who) {
  const auto mark = who.find('!');
  const auto user = world.access.users.find(who.substr(0, mark));
  if (user == world.access.users.end()) return nullptr;
  const auto token = user->second.tokens.find(who.substr(mark + 1));
  return token == user->second.tokens.end() ? nullptr : &token->second;
}

Privileges intersection(const Privileges& a, const Privileges& b) {
  Privileges both;
  for (const auto& [privilege, propagate] : a) {
    const auto found = b.find(privilege);
    if (found != b.end()) both[privilege] = propagate && found->second;
  }
  return both;
}

std::string fill_path(const std::string& pattern, const Parameters& parameters) {
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      path += pattern[i];
      continue;
    }
    const auto end = pattern.find('}', i);
    path += parameters.text(pattern.substr(i + 1, end - i - 1));
    i = end;
  }
  return path;
}

Attempt<void> check_all_of(const World& world, const std::string& who, const Permission& rule,
                           const Parameters& parameters) {
  for (const Permission& part : rule.parts) {
    if (auto checked = check_permission(world, who, part, parameters); !checked) return checked;
  }
  return {};
}

Attempt<void> check_any_of(const World& world, const std::string& who, const Permission& rule,
                           const Parameters& parameters) {
  for (const Permission& part : rule.parts) {
    if (check_permission(world, who, part, parameters)) return {};
  }
  return denied();
}

Attempt<void> check_privileges(const World& world, const std::string& who, const Permission& rule,
                               const Parameters& parameters) {
  if (!rule.require.empty() && !parameters.has(rule.require)) return denied();
  const std::string path = normalize_acl_path(fill_path(rule.path, parameters));
  if (rule.any) return require_any(world, who, path, rule.privileges);
  for (const std::string& privilege : rule.privileges) {
    if (auto checked = require_privilege(world, who, path, privilege); !checked) return checked;
  }
  return {};
}

/// The user name of the parameter userid; a name that is none dies before any check.
Attempt<std::string> user_parameter(const Parameters& parameters) {
  const std::string user = parameters.text("userid");
  const bool good =
      user.size() >= 3 && user.size() <= 64 && matches(user, "[^\\s:/]+@[A-Za-z][A-Za-z0-9.\\-_]+");
  if (!good) return fail(fmt::format("value '{}' does not look like a valid user name", user));
  return user;
}

Attempt<void> check_user_realm(const World& world, const std::string& who,
                               const Parameters& parameters) {
  const auto user = user_parameter(parameters);
  if (!user) return std::unexpected(user.error());
  return require_privilege(world, who, "/access/realm/" + user->substr(user->rfind('@') + 1),
                           "Realm.AllocateUser");
}

std::string groups_text(const std::vector<std::string>& privileges, const std::string& group = {}) {
  return fmt::format("/access/groups{}{}, {}", group.empty() ? "" : "/", group,
                     join(privileges, "|"));
}

/// Whether the caller holds a privilege on a group that the user is in.
bool governs_user(const World& world, const std::string& who, const Permission& rule,
                  const std::string& user) {
  for (const auto& [name, group] : world.access.groups) {
    if (group.members.contains(user) &&
        has_any(world, who, "/access/groups/" + name, rule.privileges)) {
      return true;
    }
  }
  return false;
}

Attempt<void> check_user_groups(const World& world, const std::string& who, const Permission& rule,
                                const Parameters& parameters) {
  const std::string user = parameters.text("userid");
  const bool must_exist = rule.groups_parameter != "create";
  if (must_exist && !world.access.users.contains(user)) {
    return fail(fmt::format("no such user ('{}')", user));
  }
  if (has_any(world, who, "/access/groups", rule.privileges)) return {};
  if (!rule.groups_parameter.empty()) {
    const auto groups = parameters.list("groups");
    if (groups.empty()) return denied(groups_text(rule.privileges));
    for (const std::string& group : groups) {
      if (!has_any(world, who, "/access/groups/" + group, rule.privileges)) {
        return denied(groups_text(rule.privileges, group));
      }
    }
  }
  if (must_exist && !governs_user(world, who, rule, user)) return denied();
  return {};
}

/// The rights that allow a change of an ACL: without Permissions.Modify the owner of an area may
/// still hand out what he holds himself.
std::vector<std::string> modify_privileges(const std::string& path) {
  std::vector<std::string> enough{"Permissions.Modify"};
  if (path.starts_with("/storage/")) enough.emplace_back("Datastore.Allocate");
  if (path.starts_with("/vms/")) enough.emplace_back("VM.Allocate");
  if (path.starts_with("/pool/")) enough.emplace_back("Pool.Allocate");
  return enough;
}

}  // namespace

Permission root_only() { return {}; }

Permission world_readable() {
  Permission rule;
  rule.kind = Permission::Kind::world;
  return rule;
}

Permission everyone() {
  Permission rule;
  rule.kind = Permission::Kind::everyone;
  return rule;
}

Permission needs(std::string path, std::vector<std::string> privileges) {
  Permission rule;
  rule.kind = Permission::Kind::privileges;
  rule.path = std::move(path);
  rule.privileges = std::move(privileges);
  return rule;
}

Permission needs_any(std::string path, std::vector<std::string> privileges) {
  Permission rule = needs(std::move(path), std::move(privileges));
  rule.any = true;
  return rule;
}

Permission all_of(std::vector<Permission> parts) {
  Permission rule;
  rule.kind = Permission::Kind::all_of;
  rule.parts = std::move(parts);
  return rule;
}

Permission any_of(std::vector<Permission> parts) {
  Permission rule = all_of(std::move(parts));
  rule.kind = Permission::Kind::any_of;
  return rule;
}

Permission own_user() {
  Permission rule;
  rule.kind = Permission::Kind::own_user;
  return rule;
}

Permission realm_of_user() {
  Permission rule;
  rule.kind = Permission::Kind::user_realm;
  return rule;
}

Permission groups_of_user(std::vector<std::string> privileges, std::string groups_parameter) {
  Permission rule;
  rule.kind = Permission::Kind::user_groups;
  rule.privileges = std::move(privileges);
  rule.groups_parameter = std::move(groups_parameter);
  return rule;
}

Permission may_modify_acl() {
  Permission rule;
  rule.kind = Permission::Kind::modify_acl;
  return rule;
}

std::map<std::string, bool> roles_on(const World& world, const std::string& who,
                                     const std::string& path) {
  RoleFlags roles;
  for (const std::string& step : ancestry(path)) apply_step(world, who, step, step == path, roles);
  return roles;
}

Privileges privileges_on(const World& world, const std::string& who, const std::string& path) {
  if (who.find('!') == std::string::npos) return user_privileges(world, who, path);
  const Token* token = find_token(world, who);
  if (token == nullptr || path.empty()) return {};
  const std::string user = who.substr(0, who.find('!'));
  const Privileges owner = user_privileges(world, user, path);
  return token->privilege_separation ? intersection(user_privileges(world, who, path), owner)
                                     : owner;
}

bool has_privilege(const World& world, const std::string& who, const std::string& path,
                   const std::string& privilege) {
  return privileges_on(world, who, path).contains(privilege);
}

bool has_any(const World& world, const std::string& who, const std::string& path,
             const std::vector<std::string>& privileges) {
  const Privileges held = privileges_on(world, who, path);
  return std::any_of(privileges.begin(), privileges.end(),
                     [&](const std::string& one) { return held.contains(one); });
}

Attempt<void> require_privilege(const World& world, const std::string& who, const std::string& path,
                                const std::string& privilege) {
  if (has_privilege(world, who, path, privilege)) return {};
  return denied(fmt::format("{}, {}", path, privilege));
}

Attempt<void> require_any(const World& world, const std::string& who, const std::string& path,
                          const std::vector<std::string>& privileges) {
  if (has_any(world, who, path, privileges)) return {};
  return denied(fmt::format("{}, {}", path, join(privileges, "|")));
}

std::string normalize_acl_path(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (c != '/' || !result.ends_with('/')) result += c;
  }
  if (result.ends_with('/')) result.pop_back();
  if (!result.starts_with('/')) result.insert(0, "/");
  return matches(result, "[A-Za-z0-9.\\-_/]+") ? result : std::string{};
}

bool may_modify(const World& world, const std::string& who, const std::string& path) {
  return who == "root@pam" || has_any(world, who, path, modify_privileges(path));
}

Attempt<void> require_modify(const World& world, const std::string& who, const std::string& path) {
  // An empty path stands for a name that is none.
  if (path.empty()) return require_privilege(world, who, "/access", "Permissions.Modify");
  return require_any(world, who, path, modify_privileges(path));
}

Attempt<void> check_permission(const World& world, const std::string& who,
                               const Permission& permission, const Parameters& parameters) {
  if (who == "root@pam") return {};
  switch (permission.kind) {
    case Permission::Kind::root_only:
      return denied("user != root@pam");
    case Permission::Kind::world:
    case Permission::Kind::everyone:
      return {};
    case Permission::Kind::privileges:
      return check_privileges(world, who, permission, parameters);
    case Permission::Kind::all_of:
      return check_all_of(world, who, permission, parameters);
    case Permission::Kind::any_of:
      return check_any_of(world, who, permission, parameters);
    case Permission::Kind::own_user:
      if (parameters.text("userid") == who) return {};
      return denied();
    case Permission::Kind::user_realm:
      return check_user_realm(world, who, parameters);
    case Permission::Kind::user_groups:
      return check_user_groups(world, who, permission, parameters);
    case Permission::Kind::modify_acl:
      return require_modify(world, who, normalize_acl_path(parameters.text("path")));
  }
  return denied();
}

}  // namespace pveplan::lab
