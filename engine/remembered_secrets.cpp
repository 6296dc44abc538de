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

Value in_its_place(const Value& live, const SecretDigest& digest) {
  if (live.is_null() || digest_of_secret(live) != nullptr) return live;
  auto text = digest ? digest_of(live, digest) : std::string();
  return Value::map({{"hmac", Value::string(std::move(text))}}).as_sensitive();
}

Value items_without_secrets(const Value& live, const Value& owned, const SecretDigest& digest) {
  const auto& known = owned.as_list();
  Value::List items;
  for (const auto& item : live.as_list()) {
    const bool plain = std::find(known.begin(), known.end(), item) != known.end();
    items.push_back(plain ? item : in_its_place(item, digest));
  }
  return Value::list(std::move(items));
}

}  // namespace

Value without_secrets(const Value& live, const Value& owned, const SecretDigest& digest) {
  if (digest_of_secret(owned) != nullptr) return in_its_place(live, digest);
  if (!lacks_secret(owned)) return live;
  if (owned.kind() == Value::Kind::list && live.kind() == Value::Kind::list)
    return items_without_secrets(live, owned, digest);
  if (!owned.has_fields() || !live.has_fields()) return in_its_place(live, digest);
  Value::Fields fields;
  for (const auto& [name, inner] : live.as_fields()) {
    const auto* written = owned.find(name);
    fields.emplace_back(name,
                        written == nullptr ? inner : without_secrets(inner, *written, digest));
  }
  return live.kind() == Value::Kind::map ? Value::map(std::move(fields))
                                         : Value::object(std::move(fields));
}

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
