#include "lab/api/access.hpp"
#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

std::string full_name(const Call& call) {
  return call.parameters.text("userid") + "!" + call.parameters.text("tokenid");
}

Attempt<Token*> find_token(Call& call) {
  const std::string user = call.parameters.text("userid");
  const std::string id = call.parameters.text("tokenid");
  const auto owner = call.world.access.users.find(user);
  if (owner == call.world.access.users.end()) return fail(fmt::format("no such user ('{}')", user));
  const auto token = owner->second.tokens.find(id);
  if (token == owner->second.tokens.end()) {
    return fail(fmt::format("no such token '{}' for user '{}'", id, user));
  }
  return &token->second;
}

Reply list_tokens(Call& call) {
  Value::List list;
  const auto owner = call.world.access.users.find(call.parameters.text("userid"));
  if (owner == call.world.access.users.end()) {
    return fail(fmt::format("no such user ('{}')", call.parameters.text("userid")));
  }
  for (const auto& [id, token] : owner->second.tokens) {
    list.push_back(token_value(token).with(schema::Path({"tokenid"}), str(id)));
  }
  return Value::list(std::move(list));
}

Reply read_token(Call& call) {
  const auto token = find_token(call);
  if (!token) return std::unexpected(token.error());
  return token_value(**token);
}

/// Values that this call has set are shown as they were sent, often as texts.
void show_as_sent(const Parameters& given, const char* name, Value& shown) {
  if (const Value* value = given.find(name)) shown = shown.with(schema::Path({name}), *value);
}

void take_fields(const Parameters& given, Token& token) {
  if (given.has("comment")) token.comment = given.text("comment");
  if (given.has("expire")) token.expire = given.integer("expire");
  if (given.has("privsep")) token.privilege_separation = given.flag("privsep");
}

Reply create_token(Call& call) {
  const Parameters& given = call.parameters;
  User& owner = call.world.access.users.at(given.text("userid"));
  if (owner.tokens.contains(given.text("tokenid"))) {
    return bad_parameter("tokenid", "Token already exists.");
  }
  Token& token = owner.tokens[given.text("tokenid")];
  token.secret = call.world.random.uuid();
  take_fields(given, token);
  Value info = Value::map({{"privsep", num(1)}});
  for (const char* name : {"comment", "expire", "privsep"}) show_as_sent(given, name, info);
  return Value::map(
      {{"value", str(token.secret)}, {"full-tokenid", str(full_name(call))}, {"info", info}});
}

Attempt<void> delete_keys(Call& call, Token& token) {
  for (const std::string& key : call.parameters.list("delete")) {
    if (key != "comment") {
      const auto unknown = bad_parameter("delete", fmt::format("unknown option '{}'", key));
      return wrap("updating token info", unknown.error());
    }
    token.comment.clear();
  }
  return {};
}

Reply update_token(Call& call) {
  const auto found = find_token(call);
  if (!found) return std::unexpected(found.error());
  Token& token = **found;
  if (auto deleted = delete_keys(call, token); !deleted) return std::unexpected(deleted.error());
  take_fields(call.parameters, token);
  Value shown = token_value(token);
  for (const char* name : {"comment", "expire", "privsep"})
    show_as_sent(call.parameters, name, shown);
  if (!call.parameters.flag("regenerate")) return shown;
  token.secret = call.world.random.uuid();
  return shown.with(schema::Path({"value"}), str(token.secret))
      .with(schema::Path({"full-tokenid"}), str(full_name(call)));
}

Reply delete_token(Call& call) {
  const auto token = find_token(call);
  if (!token) return std::unexpected(token.error());
  call.world.access.users[call.parameters.text("userid")].tokens.erase(
      call.parameters.text("tokenid"));
  const std::string name = full_name(call);
  forget_in_acl(call.world.access, [&](AclNode& node) { node.tokens.erase(name); });
  return Payload{};
}

Parameter token_name() { return text("tokenid").matching("([A-Za-z][A-Za-z0-9\\.\\-_]+)"); }

Permission own_or_governed() { return any_of({own_user(), groups_of_user({"User.Modify"})}); }

}  // namespace

void add_token_calls(ApiTable& api) {
  const auto details = [] {
    return std::vector<Parameter>{text("comment").optional(),
                                  integer("expire").at_least(0).optional(),
                                  flag("privsep").optional(), token_name(), user_name()};
  };
  api.get("/access/users/{userid}/token", list_tokens)
      .allowed(own_or_governed())
      .takes({user_name()});
  api.get("/access/users/{userid}/token/{tokenid}", read_token)
      .allowed(own_or_governed())
      .takes({token_name(), user_name()});
  api.post("/access/users/{userid}/token/{tokenid}", create_token)
      .allowed(own_or_governed())
      .privileged()
      .takes(details());
  api.put("/access/users/{userid}/token/{tokenid}", update_token)
      .allowed(own_or_governed())
      .privileged()
      .takes(details())
      .takes({text("delete").of_format("pve-configid-list").optional().only_in(9),
              flag("regenerate").optional().only_in(9)});
  api.remove("/access/users/{userid}/token/{tokenid}", delete_token)
      .allowed(own_or_governed())
      .privileged()
      .takes({token_name(), user_name()});
}

}  // namespace pveplan::lab
