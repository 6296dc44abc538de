#include "lab/api/access.hpp"
#include "lab/api/areas.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Attempt<Group*> find_group(Call& call) {
  const std::string id = call.parameters.text("groupid");
  const auto group = call.world.access.groups.find(id);
  if (group == call.world.access.groups.end())
    return fail(fmt::format("group '{}' does not exist", id));
  return &group->second;
}

Reply list_groups(Call& call) {
  Value::List list;
  for (const auto& [id, group] : call.world.access.groups) {
    const std::vector<std::string> enough{"User.Modify", "Sys.Audit", "Group.Allocate"};
    if (!call.may_any("/access/groups/" + id, enough)) continue;
    Value::Fields fields{{"groupid", str(id)}, {"users", str(join(group.members, ","))}};
    if (!group.comment.empty()) fields.emplace_back("comment", str(group.comment));
    list.push_back(Value::map(std::move(fields)));
  }
  return Value::list(std::move(list));
}

Reply read_group(Call& call) {
  const auto group = find_group(call);
  if (!group) return std::unexpected(group.error());
  Value::List members;
  for (const std::string& member : (*group)->members) members.push_back(str(member));
  Value::Fields fields{{"members", Value::list(std::move(members))}};
  if (!(*group)->comment.empty()) fields.emplace_back("comment", str((*group)->comment));
  return Value::map(std::move(fields));
}

Reply create_group(Call& call) {
  const std::string id = call.parameters.text("groupid");
  if (call.world.access.groups.contains(id)) {
    return fail(fmt::format("create group failed: group '{}' already exists", id));
  }
  call.world.access.groups[id].comment = call.parameters.text("comment");
  return Payload{};
}

Reply update_group(Call& call) {
  const auto group = find_group(call);
  if (!group) return wrap("update group", group.error());
  if (call.parameters.has("comment")) (*group)->comment = call.parameters.text("comment");
  return Payload{};
}

Reply delete_group(Call& call) {
  const auto group = find_group(call);
  if (!group) return wrap("delete group", group.error());
  const std::string id = call.parameters.text("groupid");
  call.world.access.groups.erase(id);
  forget_in_acl(call.world.access, [&](AclNode& node) { node.groups.erase(id); });
  return Payload{};
}

Parameter group_name() { return text("groupid").of_format("pve-groupid"); }

}  // namespace

void add_group_calls(ApiTable& api) {
  api.get("/access/groups", list_groups).allowed(everyone());
  api.post("/access/groups", create_group)
      .allowed(needs("/access/groups", {"Group.Allocate"}))
      .privileged()
      .takes({group_name(), text("comment").optional()});
  api.get("/access/groups/{groupid}", read_group)
      .allowed(needs_any("/access/groups", {"Sys.Audit", "Group.Allocate"}))
      .takes({group_name()});
  api.put("/access/groups/{groupid}", update_group)
      .allowed(needs("/access/groups", {"Group.Allocate"}))
      .privileged()
      .takes({group_name(), text("comment").optional()});
  api.remove("/access/groups/{groupid}", delete_group)
      .allowed(needs("/access/groups", {"Group.Allocate"}))
      .privileged()
      .takes({group_name()});
}

}  // namespace pveplan::lab
