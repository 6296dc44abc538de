#include "schema/json_schema.hpp"

#include "schema/block_keys.hpp"
#include "schema/convert.hpp"
#include "schema/lifecycle.hpp"
#include "schema/root_blocks.hpp"
#include "schema/set_changes.hpp"
#include "schema/units.hpp"
#include "schema/variables.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace pveplan::schema {
namespace {

constexpr const char* kNamePattern = "^[A-Za-z0-9_-]+$";
/// The validator of schema/units knows better; these tell a unit that is missing or misspelled.
constexpr const char* kSizePattern = "^[0-9]+(\\.[0-9]+)?([KMGTP]i)?B$";
constexpr const char* kDurationPattern = "^([0-9]+[dhms])+$";

Value text(std::string_view value) { return Value::string(std::string(value)); }

Value of_type(const char* name) { return Value::map({{"type", text(name)}}); }

Value any_of(Value::List alternatives) {
  return Value::map({{"anyOf", Value::list(std::move(alternatives))}});
}

Value definition(const std::string& path) {
  return Value::map({{"$ref", text("#/definitions/" + path)}});
}

/// Whether everything that must be stated stands in one table: profiles and `each` add to others.
enum class Whole { yes, no };

Value described(Value shape, std::string_view doc) {
  return shape.with(Path({"description"}), text(doc));
}

Value matching(std::string_view pattern) {
  return of_type("string").with(Path({"pattern"}), text(pattern));
}

/// A text that holds `${…}`, which may stand wherever a value does.
Value or_interpolated(Value shape) {
  return any_of({std::move(shape), definition("interpolation")});
}

Value number_shape(const AttributeSchema* attribute) {
  auto shape = of_type("integer");
  if (attribute == nullptr) return shape;
  if (attribute->minimum)
    shape = shape.with(Path({"minimum"}), Value::integer(*attribute->minimum));
  if (attribute->maximum)
    shape = shape.with(Path({"maximum"}), Value::integer(*attribute->maximum));
  if (attribute->multiple_of)
    shape = shape.with(Path({"multipleOf"}), Value::integer(*attribute->multiple_of));
  return shape;
}

Value text_shape(const AttributeSchema* attribute) {
  if (attribute == nullptr) return of_type("string");
  if (!attribute->one_of.empty()) {
    Value::List names;
    for (const auto& each : attribute->one_of) {
      if (each.later.empty()) names.push_back(text(each.name));
    }
    return Value::map({{"enum", Value::list(std::move(names))}});
  }
  auto shape = of_type("string");
  if (!attribute->pattern.empty())
    shape = shape.with(Path({"pattern"}), text("^(?:" + attribute->pattern + ")$"));
  if (attribute->max_length)
    shape = shape.with(Path({"maxLength"}),
                       Value::integer(static_cast<std::int64_t>(*attribute->max_length)));
  return shape;
}

Value object_shape(const ObjectSchema& object, Whole whole, Value::Fields more = {});

Value table_of(Value shape) {
  return Value::map({{"type", text("object")},
                     {"propertyNames", matching(kNamePattern)},
                     {"additionalProperties", std::move(shape)}});
}

/// `attribute` holds the limits; it is nullptr below maps, whose values have none.
Value shape_of(const Type& type, const AttributeSchema* attribute, Whole whole) {
  switch (type.kind) {
    case Type::Kind::boolean:
      return or_interpolated(of_type("boolean"));
    case Type::Kind::integer:
      return or_interpolated(number_shape(attribute));
    case Type::Kind::decimal:
      return or_interpolated(of_type("number"));
    case Type::Kind::string: {
      auto shape = text_shape(attribute);
      return shape == of_type("string") ? shape : or_interpolated(std::move(shape));
    }
    case Type::Kind::size:
      return or_interpolated(matching(kSizePattern));
    case Type::Kind::duration:
      return or_interpolated(matching(kDurationPattern));
    case Type::Kind::secret:
      return object_shape(secret_schema(), whole);
    case Type::Kind::list:
    case Type::Kind::set:
      return or_interpolated(Value::map(
          {{"type", text("array")}, {"items", shape_of(*type.element, attribute, whole)}}));
    case Type::Kind::map:
      return Value::map({{"type", text("object")},
                         {"additionalProperties", shape_of(*type.element, nullptr, whole)}});
    case Type::Kind::object:
      return object_shape(*type.object, whole);
    case Type::Kind::keyed_part: {
      auto count = described(or_interpolated(of_type("integer")),
                             "So many such parts, with the keys NAME[1], NAME[2] and so on.");
      return table_of(object_shape(*type.object, whole, {{"count", std::move(count)}}));
    }
    case Type::Kind::any:
      return Value::map({});
    case Type::Kind::one_of: {
      Value::List alternatives;
      for (const auto& each : type.alternatives)
        alternatives.push_back(shape_of(each, attribute, whole));
      return any_of(std::move(alternatives));
    }
  }
  return Value::map({});
}

/// The default as it would be written, where it is one value.
Value written_default(const AttributeSchema& attribute) {
  for (const auto& each : attribute.defaults) {
    const bool ours = each.owner != DefaultOwner::server;
    if (!ours || each.value.is_null() || !each.with.empty() || !each.without.empty()) continue;
    if (attribute.type.kind == Type::Kind::size) return text(format_size(each.value.as_integer()));
    if (attribute.type.kind == Type::Kind::duration)
      return text(format_duration(each.value.as_integer()));
    return each.value;
  }
  return Value();
}

Value attribute_shape(const AttributeSchema& attribute, Whole whole) {
  auto shape = attribute.later_except ? Value::map({{"const", *attribute.later_except}})
                                      : shape_of(attribute.type, &attribute, whole);
  shape = described(std::move(shape), attribute.doc);
  auto by_default = written_default(attribute);
  if (by_default.is_null()) return shape;
  return shape.with(Path({"default"}), std::move(by_default));
}

Value requiring(Value::List names) {
  return Value::map({{"required", Value::list(std::move(names))}});
}

/// No two attributes that exclude each other: what a block alone must not state, no profile mends.
/// That one of several is stated can be told only of what is whole.
void add_choice(Value::List& rules, const Value::List& names, bool needed) {
  Value::List single;
  for (std::size_t first = 0; first < names.size(); ++first) {
    single.push_back(requiring({names[first]}));
    for (std::size_t second = first + 1; second < names.size(); ++second)
      rules.push_back(Value::map({{"not", requiring({names[first], names[second]})}}));
  }
  if (needed) rules.push_back(any_of(std::move(single)));
}

Value::List cross_rules(const ObjectSchema& object, Whole whole) {
  using Kind = CrossConstraint::Kind;
  Value::List rules;
  for (const auto& constraint : object.constraints) {
    if (constraint.kind == Kind::requires_other || constraint.kind == Kind::one_part_only) continue;
    Value::List names;
    for (const auto& name : constraint.attributes) {
      const auto* attribute = object.find(name);
      if (attribute != nullptr && is_acted_on(*attribute)) names.push_back(text(name));
    }
    add_choice(rules, names, whole == Whole::yes && constraint.kind == Kind::exactly_one_of);
  }
  return rules;
}

Value object_shape(const ObjectSchema& object, Whole whole, Value::Fields more) {
  auto properties = std::move(more);
  Value::List required;
  for (const auto& attribute : object.attributes) {
    if (!can_be_stated(attribute) || !is_acted_on(attribute)) continue;
    properties.emplace_back(attribute.name, attribute_shape(attribute, whole));
    if (whole == Whole::yes && attribute.presence == Presence::required)
      required.push_back(text(attribute.name));
  }
  Value::Fields fields = {{"type", text("object")},
                          {"properties", Value::map(std::move(properties))},
                          {"additionalProperties", Value::boolean(false)}};
  if (!required.empty()) fields.emplace_back("required", Value::list(std::move(required)));
  auto rules = cross_rules(object, whole);
  if (!rules.empty()) fields.emplace_back("allOf", Value::list(std::move(rules)));
  return Value::map(std::move(fields));
}

/// An object that may state the same as the definition `name`, but for what only blocks take.
Value like_definition(const std::string& name, const ObjectSchema& object) {
  Value::Fields properties;
  const auto add = [&](const AttributeSchema& attribute) {
    properties.emplace_back(attribute.name, definition(name + "/properties/" + attribute.name));
  };
  for (const auto& attribute : object.attributes) {
    if (can_be_stated(attribute) && is_acted_on(attribute)) add(attribute);
  }
  for (const auto& attribute : lifecycle_attributes()) add(attribute);
  return Value::map({{"type", text("object")},
                     {"properties", Value::map(std::move(properties))},
                     {"additionalProperties", Value::boolean(false)}});
}

/// A block. Of what each node has, a scalar may also be a table by node.
Value block_shape(const ResourceSchema& schema) {
  const bool per_node = schema.instances != Instances::single;
  const bool alone = !per_node && !schema.repeatable && !schema.takes_profiles;
  auto block = object_shape(schema.object, alone ? Whole::yes : Whole::no);
  const auto set = [&block](const AttributeSchema& attribute, Value shape) {
    block = block.with(Path({"properties", attribute.name}), std::move(shape));
  };
  for (const auto& attribute : lifecycle_attributes())
    set(attribute, attribute_shape(attribute, Whole::no));
  for (const auto& key : block_keys(schema)) {
    const bool each = key.name == "each";
    set(key, each ? described(table_of(like_definition(schema.type, schema.object)), key.doc)
                  : attribute_shape(key, Whole::no));
  }
  if (!per_node) return described(std::move(block), schema.doc);
  for (const auto& attribute : schema.object.attributes) {
    const bool stated = can_be_stated(attribute) && is_acted_on(attribute);
    if (!stated || attribute.name == "nodes" || takes_tables(attribute.type)) continue;
    const auto one = shape_of(attribute.type, &attribute, Whole::no);
    set(attribute, described(any_of({one, table_of(one)}), attribute.doc));
  }
  return described(std::move(block), schema.doc);
}

Value several(Value shape) {
  return Value::map({{"type", text("array")}, {"items", std::move(shape)}});
}

}  // namespace

Value json_schema(const SchemaRegistry& registry) {
  Value::Fields definitions = {
      {"interpolation", described(matching("\\$\\{"), "A text with a reference, ${…}, in it.")}};
  Value::Fields properties = {
      {"pveplan", object_shape(pveplan_block_schema(), Whole::yes)},
      {"proxmox", object_shape(proxmox_block_schema(), Whole::yes)},
      {"variable", table_of(object_shape(variable_block_schema(), Whole::yes))}};
  for (const char* name : {"moved", "removed", "import"})
    properties.emplace_back(name, several(object_shape(set_change_schema(name), Whole::yes)));
  for (const auto& [type, schema] : registry.all()) {
    if (!schema->later.empty()) continue;
    definitions.emplace_back(type, block_shape(*schema));
    properties.emplace_back(type, described(table_of(definition(type)), schema->doc));
    if (schema->takes_profiles)
      properties.emplace_back("profile", table_of(like_definition(type, schema->object)));
  }
  return Value::map({{"$schema", text("http://json-schema.org/draft-07/schema#")},
                     {"title", text("pveplan topology")},
                     {"type", text("object")},
                     {"properties", Value::map(std::move(properties))},
                     {"additionalProperties", Value::boolean(false)},
                     {"definitions", Value::map(std::move(definitions))}});
}

}  // namespace pveplan::schema
