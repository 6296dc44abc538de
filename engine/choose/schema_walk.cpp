#include "engine/choose/schema_walk.hpp"

#include <algorithm>

namespace pveplan::engine {

using schema::AttributeSchema;
using schema::Path;
using schema::Value;

namespace {

bool aims_at(const AttributeSchema& attribute, std::string_view type) {
  if (!attribute.reference) return false;
  const auto& targets = attribute.reference->target_types;
  return std::find(targets.begin(), targets.end(), type) != targets.end();
}

/// Calls `visit` for each stated text of the resource and of its keyed parts.
void each_text(const schema::Resource& resource,
               const std::function<void(const AttributeSchema&, Path, const std::string&)>& visit) {
  for (const auto& attribute : resource.schema->object.attributes) {
    const Value* value = resource.attributes.find(attribute.name);
    if (value == nullptr) continue;
    if (value->is_string()) visit(attribute, Path({attribute.name}), value->as_string());
    const bool parts = attribute.type.kind == schema::Type::Kind::keyed_part && value->has_fields();
    if (!parts) continue;
    for (const auto& inner : attribute.type.object->attributes) {
      for (const auto& [name, part] : value->as_fields()) {
        const Value* held = part.find(inner.name);
        if (held != nullptr && held->is_string())
          visit(inner, Path({attribute.name, name, inner.name}), held->as_string());
      }
    }
  }
}

}  // namespace

std::vector<NamedThing> names_of(const schema::Resource& resource, std::string_view target_type) {
  std::vector<NamedThing> result;
  each_text(resource, [&](const AttributeSchema& attribute, Path path, const std::string& text) {
    if (aims_at(attribute, target_type)) result.push_back({&attribute, std::move(path), text});
  });
  return result;
}

std::vector<std::pair<std::string, NamedThing>> own_node_names(const schema::Resource& resource) {
  std::vector<std::pair<std::string, NamedThing>> result;
  each_text(resource, [&](const AttributeSchema& attribute, Path path, const std::string& text) {
    if (!attribute.reference ||
        attribute.reference->instance != schema::ReferenceRule::Instance::own_node)
      return;
    for (const auto& type : attribute.reference->target_types)
      result.emplace_back(type, NamedThing{&attribute, path, text});
  });
  return result;
}

const AttributeSchema* attribute_of_choice(const schema::ObjectSchema& object,
                                           schema::Choice choice) {
  const auto at =
      std::find_if(object.attributes.begin(), object.attributes.end(),
                   [choice](const AttributeSchema& each) { return each.choice == choice; });
  return at == object.attributes.end() ? nullptr : &*at;
}

std::string text_at(const Value& attributes, std::string_view name) {
  const Value* value = attributes.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

}  // namespace pveplan::engine
