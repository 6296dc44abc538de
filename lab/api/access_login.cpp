#include "lab/api/areas.hpp"
#include "lab/core/authenticate.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

/// The top-level paths that an interface asks about, and which privileges count there.
struct Area {
  std::string_view name;
  std::string_view privileges;  ///< regular expression
};

constexpr Area kAreas[]{
    {"vms", "VM\\..*|Permissions\\.Modify"},
    {"access", "(User|Group)\\..*|Permissions\\.Modify"},
    {"storage", "Datastore\\..*|Permissions\\.Modify"},
    {"nodes", "Sys\\..*|Permissions\\.Modify"},
    {"sdn", "SDN\\..*|Permissions\\.Modify"},
    {"dc", "Sys\\.Audit|Sys\\.Modify|SDN\\..*"},
    {"mapping", "Mapping\\..*|Permissions\\.Modify"},
};

std::string_view area_of(const std::string& path) {
  static constexpr std::string_view kNone = "dc";
  for (const Area& area : kAreas) {
    if (path == "/" + std::string(area.name) ||
        path.starts_with("/" + std::string(area.name) + "/")) {
      return area.name;
    }
  }
  return path == "/" ? kNone : std::string_view{};
}

std::set<std::string> asked_paths(const World& world) {
  std::set<std::string> paths{"/",        "/nodes", "/access/groups", "/vms",
                              "/storage", "/sdn",   "/mapping"};
  for (const auto& [path, node] : world.access.acl) paths.insert(path);
  return paths;
}

/// What the interface may offer to a user.
Value capabilities(const World& world, const std::string& user) {
  std::map<std::string_view, Value::Fields> granted;
  for (const Area& area : kAreas) granted[area.name];
  for (const std::string& path : asked_paths(world)) {
    const std::string_view name = area_of(path);
    for (const Area& area : kAreas) {
      if (area.name != name) continue;
      for (const auto& [privilege, propagate] : privileges_on(world, user, path)) {
        if (matches(privilege, std::string(area.privileges))) {
          granted[name].emplace_back(privilege, num(1));
        }
      }
    }
  }
  Value::Fields fields;
  for (auto& [name, list] : granted)
    fields.emplace_back(std::string(name), Value::map(std::move(list)));
  return Value::map(std::move(fields));
}

std::string full_user(const Parameters& given) {
  const std::string name = given.text("username");
  if (given.has("realm")) return name + "@" + given.text("realm");
  return name;
}

/// A password is also proven by a ticket that is still good: this is how tickets are renewed.
bool proves(const World& world, const std::string& user, const std::string& password) {
  if (!is_active(world, user)) return false;
  const std::string realm = user.substr(user.rfind('@') + 1);
  if (!world.access.realms.contains(realm)) return false;
  if (password.starts_with("PVE:")) return ticket_user(world, password) == user;
  return world.access.users.at(user).password == password;
}

Reply log_in(Call& call) {
  const std::string user = full_user(call.parameters);
  if (!proves(call.world, user, call.parameters.text("password"))) {
    return std::unexpected(Failure{401, "authentication failure\n", {}});
  }
  return Value::map({{"username", str(user)},
                     {"ticket", str(make_ticket(call.world, user))},
                     {"CSRFPreventionToken", str(make_csrf_token(call.world, user))},
                     {"cap", capabilities(call.world, user)}});
}

/// The real one has this for its login page and answers nothing.
Reply ticket_page(Call&) { return Payload{}; }

Reply change_password(Call& call) {
  const std::string user = call.parameters.text("userid");
  const auto found = call.world.access.users.find(user);
  if (found == call.world.access.users.end()) return fail(fmt::format("no such user ('{}')", user));
  found->second.password = call.parameters.text("password");
  return Payload{};
}

Reply list_realms(Call& call) {
  Value::List list;
  for (const auto& [name, realm] : call.world.access.realms) {
    Value::Fields fields{{"realm", str(name)}, {"type", str(realm.type)}};
    if (!realm.comment.empty()) fields.emplace_back("comment", str(realm.comment));
    list.push_back(Value::map(std::move(fields)));
  }
  return Value::list(std::move(list));
}

}  // namespace

void add_login_calls(ApiTable& api) {
  api.get("/access/ticket", ticket_page).allowed(world_readable()).known(Knowledge::from_source);
  api.post("/access/ticket", log_in)
      .allowed(world_readable())
      .privileged()
      .no_tokens()
      .takes({flag("new-format").optional(), text("otp").optional(), text("password"),
              text("path").up_to(64).with("privs").optional(),
              text("privs").of_format("pve-priv-list").up_to(64).with("path").optional(),
              text("realm").of_format("pve-realm").up_to(32).optional(),
              text("tfa-challenge").optional(), text("username").up_to(64)});
  api.put("/access/password", change_password)
      .allowed(any_of({own_user(), all_of({realm_of_user(), groups_of_user({"User.Modify"})})}))
      .privileged()
      .no_tokens()
      .takes({text("confirmation-password").length(5, 64).optional(),
              text("password").length(8, 64), text("userid").of_format("pve-userid").up_to(64)});
  api.get("/access/domains", list_realms).allowed(world_readable());
}

}  // namespace pveplan::lab
