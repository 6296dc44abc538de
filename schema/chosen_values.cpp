#include "schema/chosen_values.hpp"

namespace pveplan::schema {
namespace {

bool is_settled(const Value& value) {
  return value.is_string() || value.kind() == Value::Kind::integer;
}

}  // namespace

std::vector<ChosenValue> chosen_values(const Resource& resource, Choice choice) {
  std::vector<ChosenValue> result;
  for (const auto& attribute : resource.schema->object.attributes) {
    const auto* value = resource.attributes.find(attribute.name);
    if (value == nullptr) continue;
    if (attribute.choice == choice && is_settled(*value)) {
      result.push_back({Path({attribute.name}), &attribute, *value, nullptr});
    }
    if (attribute.type.kind != Type::Kind::keyed_part || !value->has_fields()) continue;
    for (const auto& inner : attribute.type.object->attributes) {
      if (inner.choice != choice) continue;
      for (const auto& [name, part] : value->as_fields()) {
        const auto* held = part.find(inner.name);
        if (held == nullptr || !is_settled(*held)) continue;
        result.push_back({Path({attribute.name, name, inner.name}), &inner, *held, &part});
      }
    }
  }
  return result;
}

}  // namespace pveplan::schema
