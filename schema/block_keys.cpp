#include "schema/block_keys.hpp"

#include <algorithm>

namespace pveplan::schema {
namespace {

struct BlockKey {
  AttributeSchema attribute;
  enum class Taken { always, with_profiles, where_repeatable, with_instances } taken;
};

const std::vector<BlockKey>& all_keys() {
  using Taken = BlockKey::Taken;
  static const std::vector<BlockKey> kKeys = {
      {attr("after", list_of(string()))
           .doc("Resources that must be there first although no value of them is used, such as "
                "\"vm.db\".")
           .build(),
       Taken::always},
      {attr("use", list_of(string()))
           .doc("Profiles, merged per leaf from left to right; the block itself wins.")
           .build(),
       Taken::with_profiles},
      {attr("unset", list_of(string()))
           .doc("Inherited attributes that do not count here, such as \"nic.lan.vlan\". On an "
                "object that exists: reset to Proxmox's default.")
           .build(),
       Taken::with_profiles},
      {attr("count", integer())
           .doc("So many instances, with the keys \"1\", \"2\" and so on.")
           .build(),
       Taken::where_repeatable},
      {attr("for_each", list_of(string())).doc("One instance for each of these keys.").build(),
       Taken::where_repeatable},
      {attr("each", map_of(any()))
           .doc("What differs for single instances: each.KEY.ATTRIBUTE. Without count and for_each "
                "its names are the keys.")
           .build(),
       Taken::with_instances},
  };
  return kKeys;
}

bool takes(const ResourceSchema& schema, BlockKey::Taken taken) {
  const bool per_node = schema.instances != Instances::single;
  switch (taken) {
    case BlockKey::Taken::always:
      return true;
    case BlockKey::Taken::with_profiles:
      return schema.takes_profiles;
    case BlockKey::Taken::where_repeatable:
      return schema.repeatable && !per_node;
    case BlockKey::Taken::with_instances:
      return schema.repeatable || per_node;
  }
  return false;
}

}  // namespace

std::vector<AttributeSchema> block_keys(const ResourceSchema& schema) {
  std::vector<AttributeSchema> result;
  for (const auto& key : all_keys()) {
    if (takes(schema, key.taken)) result.push_back(key.attribute);
  }
  return result;
}

bool is_block_key(std::string_view key, const ResourceSchema& schema) {
  if (key == "nodes") return schema.instances != Instances::single;
  const auto& keys = all_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const BlockKey& each) {
    return each.attribute.name == key && takes(schema, each.taken);
  });
}

bool is_any_block_key(std::string_view key) {
  const auto& keys = all_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const BlockKey& each) { return each.attribute.name == key; });
}

bool can_be_stated(const AttributeSchema& attribute) {
  switch (attribute.presence) {
    case Presence::required:
    case Presence::optional:
      return true;
    case Presence::computed_at_plan:
      return attribute.choice != Choice::hash_id;
    case Presence::computed_by_server:
    case Presence::answered_once:
      return false;
  }
  return false;
}

bool takes_tables(const Type& type) {
  switch (type.kind) {
    case Type::Kind::secret:
    case Type::Kind::map:
    case Type::Kind::object:
    case Type::Kind::any:
    case Type::Kind::keyed_part:
      return true;
    case Type::Kind::one_of:
      return std::any_of(type.alternatives.begin(), type.alternatives.end(), takes_tables);
    case Type::Kind::boolean:
    case Type::Kind::integer:
    case Type::Kind::decimal:
    case Type::Kind::string:
    case Type::Kind::size:
    case Type::Kind::duration:
    case Type::Kind::list:
    case Type::Kind::set:
      return false;
  }
  return false;
}

bool is_acted_on(const AttributeSchema& attribute) {
  return attribute.later.empty() || attribute.later_except.has_value();
}

}  // namespace pveplan::schema
