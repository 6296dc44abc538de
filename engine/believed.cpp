#include "engine/believed.hpp"

namespace pveplan::engine {

using schema::Value;

namespace {

/// Every keyed part that has a size holds data.
Value known_volumes(const schema::ObjectSchema& object, const Value& owned) {
  Value::List volumes;
  for (const auto& attribute : object.attributes) {
    const bool holds_data = attribute.type.kind == schema::Type::Kind::keyed_part &&
                            attribute.type.object->find("size") != nullptr;
    const Value* parts = owned.find(attribute.name);
    if (!holds_data || parts == nullptr || !parts->has_fields()) continue;
    for (const auto& [name, part] : parts->as_fields()) {
      const Value* size = part.find("size");
      const bool known = size != nullptr && size->kind() == Value::Kind::integer;
      volumes.push_back(Value::map({{"label", Value::string(attribute.name + "." + name)},
                                    {"bytes", known ? *size : Value::integer(0)}}));
    }
  }
  return Value::list(std::move(volumes));
}

}  // namespace

LiveState believed(const Rows& rows, const model::ClusterFacts& cluster,
                   const core::TypeRegistry& types) {
  LiveState live;
  for (const auto& [address, row] : rows) {
    const auto* type = types.find(address.type);
    if (type == nullptr) continue;
    model::LiveObject object;
    object.identity = row.identity;
    object.attributes = row.owned;
    object.exported = row.exported;
    Value::Fields facts = {{"identity", row.identity}};
    const Value* vmid = row.identity.find("vmid");
    if (vmid != nullptr) {
      const auto* guest = cluster.guest(vmid->as_integer());
      if (guest != nullptr) facts.emplace_back("status", Value::string(guest->status));
      facts.emplace_back("volumes", known_volumes(type->schema().object, row.owned));
    }
    object.facts = Value::map(std::move(facts));
    live.objects.emplace(address, std::move(object));
  }
  return live;
}

}  // namespace pveplan::engine
