#include "lab/core/privileges.hpp"

#include <array>
#include <string_view>

namespace pveplan::lab {
namespace {

/// Who gets a privilege through the built-in roles, from few to many: Administrator alone, the
/// admin role of its area, PVEAdmin too, the user role too, PVEAuditor too.
enum class Level { administrator, area_admin, admin, user, auditor };

struct Privilege {
  std::string_view name;
  std::string_view area;
  Level level;
  int first = 8, last = 99;
};

constexpr std::array kPrivileges{
    Privilege{"VM.Allocate", "VM", Level::admin},
    Privilege{"VM.Audit", "VM", Level::auditor},
    Privilege{"VM.Backup", "VM", Level::user},
    Privilege{"VM.Clone", "VM", Level::admin},
    Privilege{"VM.Config.CDROM", "VM", Level::user},
    Privilege{"VM.Config.CPU", "VM", Level::admin},
    Privilege{"VM.Config.Cloudinit", "VM", Level::user},
    Privilege{"VM.Config.Disk", "VM", Level::admin},
    Privilege{"VM.Config.HWType", "VM", Level::admin},
    Privilege{"VM.Config.Memory", "VM", Level::admin},
    Privilege{"VM.Config.Network", "VM", Level::admin},
    Privilege{"VM.Config.Options", "VM", Level::admin},
    Privilege{"VM.Console", "VM", Level::user},
    Privilege{"VM.GuestAgent.Audit", "VM", Level::auditor, 9},
    Privilege{"VM.GuestAgent.FileRead", "VM", Level::user, 9},
    Privilege{"VM.GuestAgent.FileSystemMgmt", "VM", Level::user, 9},
    Privilege{"VM.GuestAgent.FileWrite", "VM", Level::user, 9},
    Privilege{"VM.GuestAgent.Unrestricted", "VM", Level::admin, 9},
    Privilege{"VM.Migrate", "VM", Level::admin},
    Privilege{"VM.Monitor", "VM", Level::admin, 8, 8},
    Privilege{"VM.PowerMgmt", "VM", Level::user},
    Privilege{"VM.Replicate", "VM", Level::admin, 9},
    Privilege{"VM.Snapshot", "VM", Level::admin},
    Privilege{"VM.Snapshot.Rollback", "VM", Level::admin},
    Privilege{"Sys.AccessNetwork", "Sys", Level::administrator},
    Privilege{"Sys.Audit", "Sys", Level::auditor},
    Privilege{"Sys.Console", "Sys", Level::admin},
    Privilege{"Sys.Incoming", "Sys", Level::administrator},
    Privilege{"Sys.Modify", "Sys", Level::administrator},
    Privilege{"Sys.PowerMgmt", "Sys", Level::administrator},
    Privilege{"Sys.Syslog", "Sys", Level::admin},
    Privilege{"Datastore.Allocate", "Datastore", Level::admin},
    Privilege{"Datastore.AllocateSpace", "Datastore", Level::user},
    Privilege{"Datastore.AllocateTemplate", "Datastore", Level::admin},
    Privilege{"Datastore.Audit", "Datastore", Level::auditor},
    Privilege{"SDN.Allocate", "SDN", Level::admin},
    Privilege{"SDN.Audit", "SDN", Level::auditor},
    Privilege{"SDN.Use", "SDN", Level::user},
    Privilege{"Group.Allocate", "User", Level::admin},
    Privilege{"User.Modify", "User", Level::admin},
    Privilege{"Realm.Allocate", "User", Level::administrator},
    Privilege{"Realm.AllocateUser", "User", Level::admin},
    Privilege{"Permissions.Modify", "", Level::administrator},
    Privilege{"Pool.Allocate", "Pool", Level::admin},
    Privilege{"Pool.Audit", "Pool", Level::auditor},
    Privilege{"Mapping.Audit", "Mapping", Level::auditor},
    Privilege{"Mapping.Modify", "Mapping", Level::area_admin},
    Privilege{"Mapping.Use", "Mapping", Level::user},
};

using Roles = std::map<std::string, std::set<std::string>>;

void grant(Roles& roles, const Privilege& privilege) {
  const std::string name(privilege.name);
  const std::string area(privilege.area);
  roles["Administrator"].insert(name);
  if (privilege.level >= Level::area_admin) roles["PVE" + area + "Admin"].insert(name);
  if (privilege.level >= Level::admin) roles["PVEAdmin"].insert(name);
  if (privilege.level >= Level::user) roles["PVE" + area + "User"].insert(name);
  if (privilege.level >= Level::auditor) roles["PVEAuditor"].insert(name);
}

Roles make_roles(int major) {
  Roles roles;
  for (const Privilege& privilege : kPrivileges) {
    if (major >= privilege.first && major <= privilege.last) grant(roles, privilege);
  }
  // The area of system privileges has no role for plain users.
  roles.erase("PVESysUser");
  roles["NoAccess"] = {};
  roles["PVETemplateUser"] = {"VM.Audit", "VM.Clone"};
  return roles;
}

}  // namespace

const std::map<std::string, std::set<std::string>>& built_in_roles(int major) {
  static const Roles kEight = make_roles(8);
  static const Roles kNine = make_roles(9);
  return major >= 9 ? kNine : kEight;
}

const std::set<std::string>& all_privileges(int major) {
  return built_in_roles(major).at("Administrator");
}

bool is_privilege(const std::string& name, int major) {
  return all_privileges(major).contains(name);
}

}  // namespace pveplan::lab
