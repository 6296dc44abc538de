#include "lab/api/access.hpp"
#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

std::vector<std::string> groups_of(const World& world, const std::string& user) {
  std::vector<std::string> names;
  for (const auto& [name, group] : world.access.groups) {
    if (group.members.contains(user)) names.push_back(name);
  }
  return names;
}

/// The line of a user in the file ends where nothing follows; only a field that stands in front of
/// others is there although it is empty.
bool shows_email(const User& user) {
  return !user.email.empty() || !user.comment.empty() || !user.keys.empty();
}

Value::Fields user_fields(const User& user) {
  Value::Fields fields{{"enable", bit(user.enabled)}, {"expire", num(user.expire)}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) fields.emplace_back(name, str(text));
  };
  add("firstname", user.first_name);
  add("lastname", user.last_name);
  add("comment", user.comment);
  add("keys", user.keys);
  if (shows_email(user)) fields.emplace_back("email", str(user.email));
  return fields;
}

Value full_entry(const World& world, const std::string& name, const User& user,
                 Value::Fields fields) {
  fields.emplace_back("groups", str(join(groups_of(world, name), ",")));
  Value::List tokens;
  for (const auto& [id, token] : user.tokens) {
    tokens.push_back(token_value(token).with(schema::Path({"tokenid"}), str(id)));
  }
  fields.emplace_back("tokens", user.tokens.empty() ? null() : Value::list(std::move(tokens)));
  return Value::map(std::move(fields));
}

/// Others are listed for those who govern all users, or a group of theirs.
bool may_list(const Call& call, const std::string& user) {
  const std::vector<std::string> privileges{"User.Modify", "Sys.Audit"};
  if (call.may_any("/access/groups", privileges) || user == call.caller.who) return true;
  for (const std::string& group : groups_of(call.world, user)) {
    if (call.may_any("/access/groups/" + group, privileges)) return true;
  }
  return false;
}

Reply list_users(Call& call) {
  Value::List list;
  for (const auto& [name, user] : call.world.access.users) {
    if (!may_list(call, name)) continue;
    if (call.parameters.has("enabled") && call.parameters.flag("enabled") != user.enabled) continue;
    Value::Fields fields = user_fields(user);
    fields.emplace_back("userid", str(name));
    const auto realm = call.world.access.realms.find(name.substr(name.rfind('@') + 1));
    if (realm != call.world.access.realms.end())
      fields.emplace_back("realm-type", str(realm->second.type));
    list.push_back(call.parameters.flag("full")
                       ? full_entry(call.world, name, user, std::move(fields))
                       : Value::map(std::move(fields)));
  }
  return Value::list(std::move(list));
}

Reply read_user(Call& call) {
  const std::string name = call.parameters.text("userid");
  const User& user = call.world.access.users.at(name);
  Value::Fields fields = user_fields(user);
  Value::List groups;
  for (const std::string& group : groups_of(call.world, name)) groups.push_back(str(group));
  fields.emplace_back("groups", Value::list(std::move(groups)));
  Value::Fields tokens;
  for (const auto& [id, token] : user.tokens) tokens.emplace_back(id, token_value(token));
  fields.emplace_back("tokens", tokens.empty() ? null() : Value::map(std::move(tokens)));
  return Value::map(std::move(fields));
}

void take_fields(const Parameters& given, User& user) {
  const auto take = [&](const char* name, std::string& field) {
    if (given.has(name)) field = given.text(name);
  };
  take("firstname", user.first_name);
  take("lastname", user.last_name);
  take("email", user.email);
  take("comment", user.comment);
  take("keys", user.keys);
  if (given.has("enable")) user.enabled = given.flag("enable");
  if (given.has("expire")) user.expire = given.integer("expire");
}

Attempt<void> join_groups(Call& call, const std::string& user) {
  for (const std::string& name : call.parameters.list("groups")) {
    const auto group = call.world.access.groups.find(name);
    if (group == call.world.access.groups.end())
      return fail(fmt::format("no such group '{}'", name));
    group->second.members.insert(user);
  }
  return {};
}

Reply create_user(Call& call) {
  auto& access = call.world.access;
  const std::string name = call.parameters.text("userid");
  if (access.users.contains(name)) {
    return fail(fmt::format("create user failed: user '{}' already exists", name));
  }
  const Access before = access;
  if (auto joined = join_groups(call, name); !joined) {
    access = before;
    return wrap("create user", joined.error());
  }
  User& user = access.users[name];
  take_fields(call.parameters, user);
  user.password = call.parameters.maybe("password");
  return Payload{};
}

Reply update_user(Call& call) {
  auto& access = call.world.access;
  const std::string name = call.parameters.text("userid");
  const Access before = access;
  if (call.parameters.has("groups") && !call.parameters.flag("append")) {
    for (auto& [unused, group] : access.groups) group.members.erase(name);
  }
  if (auto joined = join_groups(call, name); !joined) {
    access = before;
    return wrap("update user", joined.error());
  }
  take_fields(call.parameters, access.users[name]);
  return Payload{};
}

Reply delete_user(Call& call) {
  auto& access = call.world.access;
  const std::string name = call.parameters.text("userid");
  access.users.erase(name);
  for (auto& [unused, group] : access.groups) group.members.erase(name);
  forget_in_acl(access, [&](AclNode& node) {
    node.users.erase(name);
    std::erase_if(node.tokens,
                  [&](const auto& entry) { return entry.first.starts_with(name + "!"); });
  });
  return Payload{};
}

}  // namespace

Value token_value(const Token& token) {
  Value::Fields fields{{"expire", num(token.expire)}, {"privsep", bit(token.privilege_separation)}};
  if (!token.comment.empty()) fields.emplace_back("comment", str(token.comment));
  return Value::map(std::move(fields));
}

void forget_in_acl(Access& access, const std::function<void(AclNode&)>& forget) {
  for (auto& [path, node] : access.acl) forget(node);
  std::erase_if(access.acl, [](const auto& entry) { return entry.second.empty(); });
}

Parameter user_name() { return text("userid").of_format("pve-userid").up_to(64); }

void add_user_calls(ApiTable& api) {
  const auto details = [] {
    return std::vector<Parameter>{text("comment").up_to(2048).optional(),
                                  text("email").of_format("email-opt").up_to(254).optional(),
                                  flag("enable").optional(),
                                  integer("expire").at_least(0).optional(),
                                  text("firstname").up_to(1024).optional(),
                                  text("groups").of_format("pve-groupid-list").optional(),
                                  text("keys").matching("[0-9a-zA-Z!=]{0,4096}").optional(),
                                  text("lastname").up_to(1024).optional(),
                                  user_name()};
  };
  api.get("/access/users", list_users)
      .allowed(everyone())
      .privileged()
      .takes({flag("enabled").optional(), flag("full").optional()});
  api.post("/access/users", create_user)
      .allowed(all_of({realm_of_user(), groups_of_user({"User.Modify"}, "create")}))
      .privileged()
      .takes(details())
      .takes({text("password").length(8, 64).optional()});
  api.get("/access/users/{userid}", read_user)
      .allowed(groups_of_user({"User.Modify", "Sys.Audit"}))
      .takes({user_name()});
  api.put("/access/users/{userid}", update_user)
      .allowed(groups_of_user({"User.Modify"}, "update"))
      .privileged()
      .takes(details())
      .takes({flag("append").with("groups").optional()});
  api.remove("/access/users/{userid}", delete_user)
      .allowed(all_of({realm_of_user(), groups_of_user({"User.Modify"})}))
      .privileged()
      .takes({user_name()});
}

}  // namespace pveplan::lab
