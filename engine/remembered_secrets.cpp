#include "engine/remembered_secrets.hpp"

#include <algorithm>

namespace pveplan::engine {

using schema::Value;

namespace {

bool has_secret_inside(const Value& value) {
  SecretsByDigest found;
  collect_secrets(
      value, [](const std::string&) { return std::string(); }, found);
  return !found.empty();
}

}  // namespace

bool has_secrets(const schema::Topology& topology) {
  const auto& variables = topology.variables;
  const auto& resources = topology.resources;
  return std::any_of(variables.begin(), variables.end(),
                     [](const auto& each) { return has_secret_inside(each.value); }) ||
         std::any_of(resources.begin(), resources.end(), [](const auto& each) {
           return each.address.is_output() && has_secret_inside(each.attributes);
         });
}

Value with_secrets(const Value& stored, const SecretsByDigest& secrets) {
  if (stored.kind() == Value::Kind::list) {
    Value::List items;
    items.reserve(stored.as_list().size());
    for (const auto& item : stored.as_list()) items.push_back(with_secrets(item, secrets));
    return Value::list(std::move(items));
  }
  if (!stored.has_fields()) return stored;
  if (const Value* digest = digest_of_secret(stored)) {
    const auto known = secrets.find(digest->as_string());
    return known == secrets.end() ? stored.as_sensitive() : known->second;
  }
  Value::Fields fields;
  fields.reserve(stored.as_fields().size());
  for (const auto& [name, inner] : stored.as_fields())
    fields.emplace_back(name, with_secrets(inner, secrets));
  return stored.kind() == Value::Kind::map ? Value::map(std::move(fields))
                                           : Value::object(std::move(fields));
}

}  // namespace pveplan::engine
