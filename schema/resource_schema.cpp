#include "schema/resource_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace pveplan::schema {

const AttributeSchema* ObjectSchema::find(std::string_view name) const {
  const auto at = std::find_if(attributes.begin(), attributes.end(),
                               [name](const AttributeSchema& each) { return each.name == name; });
  return at == attributes.end() ? nullptr : &*at;
}

const AttributeSchema* ObjectSchema::find(const Path& path) const {
  const AttributeSchema* attribute = nullptr;
  const ObjectSchema* object = this;
  bool names_part = false;  // the step is the name of a part or the key of a map
  for (const auto& step : path.steps()) {
    if (names_part) {
      names_part = false;
      continue;
    }
    attribute = object == nullptr ? nullptr : object->find(std::string_view(step));
    if (attribute == nullptr) return nullptr;
    object = attribute->type.object.get();
    names_part =
        attribute->type.kind == Type::Kind::keyed_part || attribute->type.kind == Type::Kind::map;
  }
  return attribute;
}

const ResourceSchema* SchemaRegistry::find(std::string_view type) const {
  const auto at = schemas_.find(type);
  return at == schemas_.end() ? nullptr : at->second;
}

namespace {

Type plain(Type::Kind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Type with_element(Type::Kind kind, Type element) {
  auto type = plain(kind);
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

Type with_object(Type::Kind kind, ObjectSchema object) {
  auto type = plain(kind);
  type.object = std::make_shared<const ObjectSchema>(std::move(object));
  return type;
}

}  // namespace

Type boolean() { return plain(Type::Kind::boolean); }
Type integer() { return plain(Type::Kind::integer); }
Type decimal() { return plain(Type::Kind::decimal); }
Type string() { return plain(Type::Kind::string); }
Type size() { return plain(Type::Kind::size); }
Type duration() { return plain(Type::Kind::duration); }
Type secret() { return plain(Type::Kind::secret); }
Type any() { return plain(Type::Kind::any); }
Type list_of(Type element) { return with_element(Type::Kind::list, std::move(element)); }
Type set_of(Type element) { return with_element(Type::Kind::set, std::move(element)); }
Type map_of(Type element) { return with_element(Type::Kind::map, std::move(element)); }
Type object_of(ObjectSchema object) { return with_object(Type::Kind::object, std::move(object)); }
Type keyed_part(ObjectSchema object) {
  return with_object(Type::Kind::keyed_part, std::move(object));
}
Type one_of(std::vector<Type> alternatives, std::string discriminator) {
  auto type = plain(Type::Kind::one_of);
  type.alternatives = std::move(alternatives);
  type.discriminator = std::move(discriminator);
  return type;
}

AttributeBuilder::AttributeBuilder(std::string name, Type type) {
  attribute_.name = std::move(name);
  if (type.kind == Type::Kind::set) attribute_.canonical = CanonicalForm::set;
  if (type.kind == Type::Kind::secret) attribute_.sensitive = true;
  attribute_.type = std::move(type);
}
AttributeBuilder& AttributeBuilder::doc(std::string text) {
  attribute_.doc = std::move(text);
  return *this;
}
AttributeBuilder& AttributeBuilder::required() {
  attribute_.presence = Presence::required;
  return *this;
}
AttributeBuilder& AttributeBuilder::chosen(Choice choice) {
  attribute_.presence = Presence::computed_at_plan;
  attribute_.choice = choice;
  return *this;
}
AttributeBuilder& AttributeBuilder::computed() {
  attribute_.presence = Presence::computed_by_server;
  return *this;
}
AttributeBuilder& AttributeBuilder::default_ours(Value value, std::string description) {
  attribute_.defaults.push_back(
      {DefaultOwner::ours_at_create, std::move(value), std::move(description), {}, {}, {}});
  return *this;
}
AttributeBuilder& AttributeBuilder::default_always(Value value, std::string description) {
  attribute_.defaults.push_back(
      {DefaultOwner::ours_always, std::move(value), std::move(description), {}, {}, {}});
  return *this;
}
AttributeBuilder& AttributeBuilder::only_with(std::string attribute) {
  attribute_.defaults.back().with = std::move(attribute);
  return *this;
}
AttributeBuilder& AttributeBuilder::only_without(std::string attribute) {
  attribute_.defaults.back().without = std::move(attribute);
  return *this;
}
AttributeBuilder& AttributeBuilder::default_server(std::string description) {
  attribute_.defaults.push_back(
      {DefaultOwner::server, Value(), std::move(description), {}, {}, {}});
  return *this;
}
AttributeBuilder& AttributeBuilder::effect(EffectRule rule) {
  attribute_.effect = rule;
  return *this;
}
AttributeBuilder& AttributeBuilder::canonical(CanonicalForm form) {
  attribute_.canonical = form;
  return *this;
}
AttributeBuilder& AttributeBuilder::range(std::int64_t minimum, std::int64_t maximum) {
  attribute_.minimum = minimum;
  attribute_.maximum = maximum;
  return *this;
}
AttributeBuilder& AttributeBuilder::whole(std::int64_t multiple) {
  attribute_.multiple_of = multiple;
  return *this;
}
AttributeBuilder& AttributeBuilder::matches(std::string pattern, std::string description) {
  attribute_.pattern = std::move(pattern);
  attribute_.pattern_description = std::move(description);
  return *this;
}
AttributeBuilder& AttributeBuilder::max_length(std::size_t characters) {
  attribute_.max_length = characters;
  return *this;
}
AttributeBuilder& AttributeBuilder::format(Format format) {
  attribute_.format = format;
  if (format == Format::mac) attribute_.canonical = CanonicalForm::mac;
  return *this;
}
AttributeBuilder& AttributeBuilder::value_since(const char* name, int version) {
  attribute_.one_of.push_back({name, {version, 0}, {}});
  return *this;
}
AttributeBuilder& AttributeBuilder::value_later(const char* name, std::string text) {
  attribute_.one_of.push_back({name, {}, std::move(text)});
  return *this;
}
AttributeBuilder& AttributeBuilder::values(std::initializer_list<const char*> names) {
  for (const char* name : names) attribute_.one_of.push_back({name, {}, {}});
  return *this;
}
AttributeBuilder& AttributeBuilder::refers_to(ReferenceRule rule) {
  attribute_.reference = std::move(rule);
  return *this;
}
AttributeBuilder& AttributeBuilder::since(int version) {
  attribute_.versions.since = version;
  return *this;
}
AttributeBuilder& AttributeBuilder::until(int version) {
  attribute_.versions.until = version;
  return *this;
}
AttributeBuilder& AttributeBuilder::wire(Wire wire) {
  attribute_.wire = std::move(wire);
  return *this;
}
AttributeBuilder& AttributeBuilder::option(std::string api_option) {
  attribute_.wire.option = std::move(api_option);
  return *this;
}
AttributeBuilder& AttributeBuilder::sensitive() {
  attribute_.sensitive = true;
  return *this;
}
AttributeBuilder& AttributeBuilder::identity() {
  attribute_.identity = true;
  attribute_.effect = EffectRule::identity;
  return *this;
}
AttributeBuilder& AttributeBuilder::later(std::string text) {
  attribute_.later = std::move(text);
  return *this;
}

AttributeBuilder& AttributeBuilder::later_except(Value acted_on, std::string text) {
  attribute_.later = std::move(text);
  attribute_.later_except = std::move(acted_on);
  return *this;
}

AttributeBuilder attr(std::string name, Type type) { return {std::move(name), std::move(type)}; }

ObjectBuilder& ObjectBuilder::add(const AttributeBuilder& attribute) {
  object_.attributes.push_back(attribute.build());
  return *this;
}
ObjectBuilder& ObjectBuilder::constraint(CrossConstraint constraint) {
  object_.constraints.push_back(std::move(constraint));
  return *this;
}

}  // namespace pveplan::schema
