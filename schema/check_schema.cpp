#include "schema/formats.hpp"
#include "schema/resource_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

namespace pveplan::schema {
namespace {

bool takes_numbers(const Type& type) {
  switch (type.kind) {
    case Type::Kind::integer:
    case Type::Kind::size:
    case Type::Kind::duration:
      return true;
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::map:
      return takes_numbers(*type.element);
    case Type::Kind::one_of:
      return std::any_of(type.alternatives.begin(), type.alternatives.end(), takes_numbers);
    case Type::Kind::boolean:
    case Type::Kind::decimal:
    case Type::Kind::string:
    case Type::Kind::secret:
    case Type::Kind::object:
    case Type::Kind::any:
    case Type::Kind::keyed_part:
      return false;
  }
  return false;
}

bool takes_texts(const Type& type) {
  switch (type.kind) {
    case Type::Kind::string:
    case Type::Kind::any:
      return true;
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::map:
      return takes_texts(*type.element);
    case Type::Kind::one_of:
      return std::any_of(type.alternatives.begin(), type.alternatives.end(), takes_texts);
    case Type::Kind::boolean:
    case Type::Kind::integer:
    case Type::Kind::decimal:
    case Type::Kind::size:
    case Type::Kind::duration:
    case Type::Kind::secret:
    case Type::Kind::object:
    case Type::Kind::keyed_part:
      return false;
  }
  return false;
}

class SchemaCheck {
 public:
  std::vector<std::string> run(const ResourceSchema& schema) {
    path_ = schema.type;
    require(is_name(schema.type), "has a type that is no name");
    require(!schema.doc.empty(), "has no doc text");
    require(schema.version >= 1, "has no version");
    check_instances(schema);
    check_object(schema.object);
    return std::move(faults_);
  }

 private:
  void require(bool holds, const char* fault) {
    if (!holds) faults_.push_back(fmt::format("{} {}.", path_, fault));
  }

  void check_instances(const ResourceSchema& schema) {
    const bool per_node = schema.instances != Instances::single;
    require(!(per_node && schema.repeatable), "is per node and repeatable");
    require(per_node == (schema.find("nodes") != nullptr), "documents `nodes` where it has none");
    for (const char* word : {"use", "unset", "count", "for_each", "each", "after"}) {
      require(schema.find(word) == nullptr, "takes a word of the language as an attribute");
    }
  }

  void check_object(const ObjectSchema& object) {
    const auto outer = path_;
    std::set<std::string> names;
    for (const auto& attribute : object.attributes) {
      path_ = outer + "." + attribute.name;
      require(names.insert(attribute.name).second, "is declared twice");
      check_attribute(attribute);
    }
    path_ = outer;
    for (const auto& constraint : object.constraints) check_constraint(object, constraint);
  }

  void check_attribute(const AttributeSchema& attribute) {
    require(is_name(attribute.name), "is no name");
    require(attribute.doc.ends_with('.'), "has no doc text that is a sentence");
    check_presence(attribute);
    check_values(attribute);
    check_type(attribute.type);
    if (attribute.reference) {
      require(takes_texts(attribute.type), "refers to something without being a text");
      require(!attribute.reference->target_types.empty(), "refers to no type");
    }
    const auto& versions = attribute.versions;
    require(versions.until == 0 || versions.until > versions.since, "ends before it begins");
    require(!attribute.later_except || !attribute.later.empty(), "excepts a value from nothing");
  }

  void check_presence(const AttributeSchema& attribute) {
    const bool chosen = attribute.presence == Presence::computed_at_plan;
    const bool required = attribute.presence == Presence::required;
    require(!required || attribute.defaults.empty(), "is required and has a default");
    require(!required || attribute.later.empty(), "is required and not supported yet");
    require(chosen == (attribute.choice != Choice::none), "is chosen without saying how");
    require(!(attribute.sensitive && attribute.identity), "is sensitive and identity");
    require(!attribute.identity || attribute.effect == EffectRule::identity,
            "is identity with another effect");
    for (const auto& preset : attribute.defaults) {
      const bool server = preset.owner == DefaultOwner::server;
      require(!server || preset.value.is_null(), "has a server's default with a value of ours");
      const bool explained = !preset.value.is_null() || !preset.description.empty();
      require(server || explained, "has a default of ours that nothing tells of");
      require(preset.value.is_null() || fits(preset.value, attribute),
              "has a default that it would refuse");
    }
  }

  static bool fits(const Value& value, const AttributeSchema& attribute) {
    if (value.kind() == Value::Kind::integer) {
      const auto number = value.as_integer();
      return takes_numbers(attribute.type) &&
             (!attribute.minimum || number >= *attribute.minimum) &&
             (!attribute.maximum || number <= *attribute.maximum);
    }
    if (!value.is_string() || attribute.one_of.empty()) return true;
    return std::any_of(attribute.one_of.begin(), attribute.one_of.end(),
                       [&](const EnumValue& each) {
                         return each.name == value.as_string() && each.later.empty();
                       });
  }

  void check_values(const AttributeSchema& attribute) {
    const bool bounded = attribute.minimum || attribute.maximum || attribute.multiple_of;
    require(!bounded || takes_numbers(attribute.type), "has a range without being a number");
    require(!attribute.minimum || !attribute.maximum || *attribute.minimum <= *attribute.maximum,
            "has an empty range");
    const bool textual = !attribute.pattern.empty() || !attribute.one_of.empty() ||
                         attribute.max_length || attribute.format != Format::none;
    require(!textual || takes_texts(attribute.type), "constrains a text without being one");
    require(attribute.pattern.empty() || !attribute.pattern_description.empty(),
            "has a pattern that messages cannot describe");
    check_pattern(attribute.pattern);
    std::set<std::string> names;
    for (const auto& value : attribute.one_of) {
      require(names.insert(value.name).second, "lists a value twice");
    }
  }

  void check_pattern(const std::string& pattern) {
    try {
      const std::regex compiled(pattern);
    } catch (const std::regex_error&) {
      require(false, "has a pattern that does not compile");
    }
  }

  void check_type(const Type& type) {
    const bool element = type.kind == Type::Kind::list || type.kind == Type::Kind::set ||
                         type.kind == Type::Kind::map;
    const bool object = type.kind == Type::Kind::object || type.kind == Type::Kind::keyed_part;
    require(element == (type.element != nullptr), "has an element type where none belongs");
    require(object == (type.object != nullptr), "has an object schema where none belongs");
    require((type.kind == Type::Kind::one_of) == !type.alternatives.empty(),
            "has alternatives where none belong");
    if (element && type.element) check_type(*type.element);
    for (const auto& alternative : type.alternatives) check_type(alternative);
    if (!object || !type.object) return;
    const bool part = type.kind == Type::Kind::keyed_part;
    require(!part || type.object->find("count") == nullptr, "has a part with an attribute `count`");
    check_object(*type.object);
  }

  void check_constraint(const ObjectSchema& object, const CrossConstraint& constraint) {
    require(constraint.attributes.size() >= 2, "has a constraint over less than two attributes");
    if (constraint.attributes.empty()) return;
    if (constraint.kind == CrossConstraint::Kind::one_part_only) {
      const auto* part = object.find(constraint.attributes.front());
      const bool known = part != nullptr && part->type.object &&
                         part->type.object->find(constraint.attributes.back()) != nullptr;
      require(known, "has a constraint over an unknown part");
      require(!constraint.reason.empty(), "has a constraint over parts without a reason");
      return;
    }
    for (const auto& name : constraint.attributes) {
      require(object.find(name) != nullptr, "has a constraint over an unknown attribute");
    }
  }

  std::string path_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> check_schema(const ResourceSchema& schema) {
  return SchemaCheck().run(schema);
}

}  // namespace pveplan::schema
