#pragma once

#include "lab/core/failure.hpp"

#include <map>
#include <string>
#include <vector>

namespace pveplan::lab {

struct World;
class Parameters;

/// The rule that guards a call, checked before its parameters are.
struct Permission {
  enum class Kind {
    root_only,   ///< no rule in the real table: only root@pam itself
    world,       ///< also without credentials
    everyone,    ///< any authenticated caller
    privileges,  ///< `privileges` on `path`
    all_of,
    any_of,
    own_user,     ///< the parameter userid names the caller
    user_realm,   ///< Realm.AllocateUser on the realm of the parameter userid
    user_groups,  ///< a privilege on a group of the user, or on /access/groups
    modify_acl,   ///< Permissions.Modify, or what a lesser right allows
  };
  Kind kind = Kind::root_only;
  std::string path;  ///< may hold {parameter}
  std::vector<std::string> privileges;
  bool any = false;              ///< one of the privileges is enough
  std::string require;           ///< a parameter that must be given for this branch
  std::string groups_parameter;  ///< user_groups: "create" or "update" look at `groups`, too
  std::vector<Permission> parts;
};

Permission root_only();
Permission world_readable();
Permission everyone();
Permission needs(std::string path, std::vector<std::string> privileges);
Permission needs_any(std::string path, std::vector<std::string> privileges);
Permission all_of(std::vector<Permission> parts);
Permission any_of(std::vector<Permission> parts);
Permission own_user();
Permission realm_of_user();
/// A privilege on /access/groups, or on groups of the user in question.
Permission groups_of_user(std::vector<std::string> privileges, std::string groups_parameter = {});
Permission may_modify_acl();

/// Privileges by path: the value is the propagate flag of what granted it.
using Privileges = std::map<std::string, bool>;

/// What a user (`u@r`) or token (`u@r!t`) may do on one path, pools and groups included.
Privileges privileges_on(const World& world, const std::string& who, const std::string& path);
/// Role names on one path with their propagate flags, before they are expanded.
std::map<std::string, bool> roles_on(const World& world, const std::string& who,
                                     const std::string& path);

bool has_privilege(const World& world, const std::string& who, const std::string& path,
                   const std::string& privilege);
/// One of them is enough.
bool has_any(const World& world, const std::string& who, const std::string& path,
             const std::vector<std::string>& privileges);
/// The 403 of a missing privilege, with the server's words.
Attempt<void> require_privilege(const World& world, const std::string& who, const std::string& path,
                                const std::string& privilege);
Attempt<void> require_any(const World& world, const std::string& who, const std::string& path,
                          const std::vector<std::string>& privileges);

/// Slashes folded, one in front; empty when a character is not allowed in paths.
std::string normalize_acl_path(std::string_view path);

/// Permissions.Modify, or the right that stands in for it below /vms, /storage and /pool.
bool may_modify(const World& world, const std::string& who, const std::string& path);
Attempt<void> require_modify(const World& world, const std::string& who, const std::string& path);

Attempt<void> check_permission(const World& world, const std::string& who,
                               const Permission& permission, const Parameters& parameters);

}  // namespace pveplan::lab
