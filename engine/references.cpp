#include "engine/references.hpp"

#include "schema/json.hpp"
#include "schema/value_walk.hpp"

namespace pveplan::engine {

using schema::Reference;
using schema::Value;

namespace {

std::optional<Value> target_value(const Reference::Part& part, const Exports& exports) {
  const auto one = [&](const schema::ResourceAddress& address) -> std::optional<Value> {
    const Value* exported = exports.find(address);
    const Value* found = exported != nullptr ? exported->find(part.attribute) : nullptr;
    const Value* stated = found == nullptr ? exports.stated(address) : nullptr;
    if (stated != nullptr) found = stated->find(part.attribute);
    if (found == nullptr || found->contains_unknown() || found->contains_reference())
      return std::nullopt;
    return *found;
  };
  if (!part.all_instances) return one(*part.target);
  Value::List items;
  for (const auto& address : exports.instances(*part.target)) {
    auto item = one(address);
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
  }
  return Value::list(std::move(items));
}

std::string as_text(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.kind() == Value::Kind::list) {
    std::string text;
    for (const auto& item : value.as_list()) text += (text.empty() ? "" : ",") + as_text(item);
    return text;
  }
  return schema::to_json(value);
}

bool holds_secret(const Value& value) {
  return schema::any_inside(value, [](const Value& each) { return each.sensitive(); });
}

Value resolve_one(const Value& value, const Exports& exports) {
  const auto& reference = value.as_reference();
  if (reference.is_whole()) {
    auto found = target_value(reference.parts.front(), exports);
    if (!found) return value;
    return value.sensitive() ? found->as_sensitive() : *found;
  }
  std::string text;
  bool sensitive = value.sensitive();
  for (const auto& part : reference.parts) {
    text += part.literal;
    if (!part.target) continue;
    const auto found = target_value(part, exports);
    if (!found) return value;
    text += as_text(*found);
    sensitive = sensitive || holds_secret(*found);
  }
  auto result = Value::string(std::move(text));
  return sensitive ? result.as_sensitive() : result;
}

}  // namespace

Value resolve_references(const Value& value, const Exports& exports) {
  if (value.kind() == Value::Kind::reference) return resolve_one(value, exports);
  if (!value.contains_reference()) return value;  // shares everything that needs no work
  if (value.kind() == Value::Kind::list) {
    Value::List items;
    for (const auto& item : value.as_list()) items.push_back(resolve_references(item, exports));
    return Value::list(std::move(items));
  }
  Value::Fields fields;
  for (const auto& [name, inner] : value.as_fields()) {
    fields.emplace_back(name, resolve_references(inner, exports));
  }
  return value.kind() == Value::Kind::map ? Value::map(std::move(fields))
                                          : Value::object(std::move(fields));
}

}  // namespace pveplan::engine
