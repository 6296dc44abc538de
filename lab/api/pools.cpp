#include "lab/api/access.hpp"
#include "lab/api/areas.hpp"
#include "lab/api/resources.hpp"
#include "lab/core/call.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

Attempt<Pool*> find_pool(Call& call) {
  const std::string id = call.parameters.text("poolid");
  const auto pool = call.world.access.pools.find(id);
  if (pool == call.world.access.pools.end())
    return fail(fmt::format("pool '{}' does not exist", id));
  return &pool->second;
}

/// Members as the cluster resources show them; those that are gone are left out.
Value members_of(const Call& call, const Pool& pool) {
  const std::string type = call.parameters.text("type");
  Value::List list;
  for (const int vmid : pool.guests) {
    const auto guest = call.world.guests.find(vmid);
    if (guest == call.world.guests.end()) continue;
    Value entry = guest_resource(call.world, vmid, guest->second);
    for (const char* current : {"pool", "tags", "lock"})
      entry = entry.with(schema::Path({current}), null());
    if (type.empty() || entry.find("type")->as_string() == type) list.push_back(std::move(entry));
  }
  for (const std::string& storage : pool.storages) {
    if (!type.empty() && type != "storage") break;
    for (Value& entry : storage_resources(call.world, storage)) list.push_back(std::move(entry));
  }
  return Value::list(std::move(list));
}

Value pool_fields(const std::string& id, const Pool& pool) {
  Value::Fields fields{{"poolid", str(id)}};
  if (!pool.comment.empty()) fields.emplace_back("comment", str(pool.comment));
  return Value::map(std::move(fields));
}

Reply read_pool(Call& call) {
  const auto pool = find_pool(call);
  if (!pool) return std::unexpected(pool.error());
  return pool_fields(call.parameters.text("poolid"), **pool)
      .with(schema::Path({"members"}), members_of(call, **pool));
}

Reply list_pools(Call& call) {
  if (const auto id = call.parameters.maybe("poolid")) {
    const auto allowed =
        require_privilege(call.world, call.caller.who, "/pool/" + *id, "Pool.Audit");
    if (!allowed) return std::unexpected(allowed.error());
    const Reply one = read_pool(call);
    if (!one) return one;
    return Value::list({one->data});
  }
  Value::List list;
  for (const auto& [id, pool] : call.world.access.pools) {
    if (call.may("/pool/" + id, "Pool.Audit")) list.push_back(pool_fields(id, pool));
  }
  return Value::list(std::move(list));
}

Reply create_pool(Call& call) {
  auto& pools = call.world.access.pools;
  const std::string id = call.parameters.text("poolid");
  if (pools.contains(id))
    return fail(fmt::format("create pool failed: pool '{}' already exists", id));
  const auto slash = id.rfind('/');
  if (slash != std::string::npos && !pools.contains(id.substr(0, slash))) {
    return fail(fmt::format("create pool failed: parent '{}' of pool '{}' does not exist",
                            id.substr(0, slash), id));
  }
  pools[id].comment = call.parameters.text("comment");
  return Payload{};
}

std::string pool_of_guest(const World& world, int vmid) {
  for (const auto& [id, pool] : world.access.pools) {
    if (pool.guests.contains(vmid)) return id;
  }
  return {};
}

Attempt<void> add_guest(Call& call, Pool& pool, int vmid) {
  if (pool.guests.contains(vmid)) return fail(fmt::format("VM {} is already a pool member", vmid));
  if (const std::string other = pool_of_guest(call.world, vmid); !other.empty()) {
    if (!call.parameters.flag("allow-move")) {
      return fail(fmt::format("VM {} belongs already to pool '{}' and 'allow-move' is not set",
                              vmid, other));
    }
    auto allowed =
        require_privilege(call.world, call.caller.who, "/pool/" + other, "Pool.Allocate");
    if (!allowed) return allowed;
    call.world.access.pools[other].guests.erase(vmid);
  }
  pool.guests.insert(vmid);
  return {};
}

Attempt<void> change_guests(Call& call, Pool& pool) {
  for (const std::string& text : call.parameters.list("vms")) {
    auto allowed = require_modify(call.world, call.caller.who, "/vms/" + text);
    if (!allowed) return allowed;
    const int vmid = static_cast<int>(to_integer(text).value_or(0));
    if (!call.parameters.flag("delete")) {
      if (auto added = add_guest(call, pool, vmid); !added) return added;
    } else if (pool.guests.erase(vmid) == 0) {
      return fail(fmt::format("VM {} is not a pool member", vmid));
    }
  }
  return {};
}

Attempt<void> change_storages(Call& call, Pool& pool) {
  for (const std::string& storage : call.parameters.list("storage")) {
    auto allowed = require_modify(call.world, call.caller.who, "/storage/" + storage);
    if (!allowed) return allowed;
    const bool removing = call.parameters.flag("delete");
    const bool changed =
        removing ? pool.storages.erase(storage) > 0 : pool.storages.insert(storage).second;
    if (changed) continue;
    return fail(
        fmt::format("Storage '{}' is {} a pool member", storage, removing ? "not" : "already"));
  }
  return {};
}

Reply update_pool(Call& call) {
  const Access before = call.world.access;
  const auto failed = [&](const Failure& cause) {
    call.world.access = before;
    return wrap("update pools", cause);
  };
  const auto pool = find_pool(call);
  if (!pool) return failed(pool.error());
  if (call.parameters.has("comment")) (*pool)->comment = call.parameters.text("comment");
  if (auto changed = change_guests(call, **pool); !changed) return failed(changed.error());
  if (auto changed = change_storages(call, **pool); !changed) return failed(changed.error());
  return Payload{};
}

/// What keeps a pool from being deleted: members that still exist.
std::string occupant(const World& world, const std::string& id, const Pool& pool) {
  for (const auto& [other, unused] : world.access.pools) {
    if (other.starts_with(id + "/")) return fmt::format("pool '{}'", other);
  }
  for (const int vmid : pool.guests) {
    if (world.guests.contains(vmid)) return fmt::format("VM {}", vmid);
  }
  for (const std::string& storage : pool.storages) {
    if (world.storage.definitions.contains(storage)) return fmt::format("storage '{}'", storage);
  }
  return {};
}

Reply delete_pool(Call& call) {
  const auto pool = find_pool(call);
  if (!pool) return wrap("delete pool", pool.error());
  const std::string id = call.parameters.text("poolid");
  if (const std::string inside = occupant(call.world, id, **pool); !inside.empty()) {
    return fail(
        fmt::format("delete pool failed: pool '{}' is not empty (contains {})", id, inside));
  }
  call.world.access.pools.erase(id);
  call.world.access.acl.erase("/pool/" + id);
  return Payload{};
}

Parameter pool_name() { return text("poolid").of_format("pve-poolid"); }
Parameter member_type() { return text("type").one_of({"qemu", "lxc", "storage"}).optional(); }

std::vector<Parameter> changes() {
  return {flag("allow-move").optional(),
          text("comment").optional(),
          flag("delete").optional(),
          pool_name(),
          text("storage").of_format("pve-storage-id-list").optional(),
          text("vms").of_format("pve-vmid-list").optional()};
}

}  // namespace

void add_pool_calls(ApiTable& api) {
  const Permission allocate = needs("/pool/{poolid}", {"Pool.Allocate"});
  api.get("/pools", list_pools)
      .allowed(everyone())
      .takes({pool_name().optional(), member_type().with("poolid")});
  api.post("/pools", create_pool)
      .allowed(allocate)
      .privileged()
      .takes({pool_name(), text("comment").optional()});
  api.put("/pools", update_pool).allowed(allocate).privileged().takes(changes());
  api.remove("/pools", delete_pool).allowed(allocate).privileged().takes({pool_name()});
  api.get("/pools/{poolid}", read_pool)
      .allowed(needs("/pool/{poolid}", {"Pool.Audit"}))
      .takes({pool_name(), member_type()});
  api.put("/pools/{poolid}", update_pool).allowed(allocate).privileged().takes(changes());
  api.remove("/pools/{poolid}", delete_pool).allowed(allocate).privileged().takes({pool_name()});
}

}  // namespace pveplan::lab
