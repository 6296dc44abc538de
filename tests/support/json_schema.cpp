#include "tests/support/json_schema.hpp"

#include "schema/json.hpp"

#include <algorithm>
#include <regex>
#include <set>

namespace pveplan::sim {
namespace {

using schema::Value;

class Validator {
 public:
  explicit Validator(const Value& root) : root_(root) {}

  void check(const Value& rule, const Value& value, const std::string& where) {
    if (const Value* target = rule.find("$ref")) {
      const Value* found = resolve(target->as_string());
      if (found == nullptr) return fault(where, "dangling " + target->as_string());
      check(*found, value, where);
    }
    for (const auto& [keyword, argument] : rule.as_fields()) {
      static const std::set<std::string> kKnown = {"$schema",
                                                   "$id",
                                                   "$defs",
                                                   "$ref",
                                                   "title",
                                                   "description",
                                                   "type",
                                                   "enum",
                                                   "const",
                                                   "minimum",
                                                   "pattern",
                                                   "items",
                                                   "additionalProperties",
                                                   "required",
                                                   "properties",
                                                   "definitions",
                                                   "default",
                                                   "anyOf",
                                                   "allOf",
                                                   "not",
                                                   "propertyNames",
                                                   "maximum",
                                                   "multipleOf",
                                                   "maxLength"};
      if (!kKnown.contains(keyword)) fault(where, "unknown keyword " + keyword);
    }
    check_value(rule, value, where);
    if (value.has_fields()) check_fields(rule, value, where);
    check_combinations(rule, value, where);
    const Value* items = rule.find("items");
    if (items != nullptr && value.kind() == Value::Kind::list) {
      std::size_t index = 0;
      for (const auto& item : value.as_list())
        check(*items, item, where + "/" + std::to_string(index++));
    }
  }

  std::vector<std::string> faults;

 private:
  void fault(const std::string& where, const std::string& what) {
    faults.push_back(where + ": " + what);
  }

  bool fits(const Value& rule, const Value& value) const {
    Validator inner(root_);
    inner.check(rule, value, "");
    return inner.faults.empty();
  }

  void check_combinations(const Value& rule, const Value& value, const std::string& where) {
    if (const Value* alternatives = rule.find("anyOf")) {
      const auto& list = alternatives->as_list();
      const bool any = std::any_of(list.begin(), list.end(),
                                   [&](const Value& each) { return fits(each, value); });
      if (!any) fault(where, "fits no alternative");
    }
    if (const Value* all = rule.find("allOf")) {
      for (const auto& each : all->as_list()) check(each, value, where);
    }
    const Value* wrong = rule.find("not");
    if (wrong != nullptr && fits(*wrong, value)) fault(where, "is what it must not be");
  }

  const Value* resolve(const std::string& reference) const {
    const Value* here = &root_;
    for (std::size_t start = 2; here != nullptr && start < reference.size();) {
      const auto end = std::min(reference.find('/', start), reference.size());
      here = here->find(reference.substr(start, end - start));
      start = end + 1;
    }
    return here;
  }

  static bool has_type(const Value& value, const std::string& type) {
    switch (value.kind()) {
      case Value::Kind::null:
        return type == "null";
      case Value::Kind::boolean:
        return type == "boolean";
      case Value::Kind::integer:
        return type == "integer" || type == "number";
      case Value::Kind::decimal:
        return type == "number";
      case Value::Kind::string:
        return type == "string";
      case Value::Kind::list:
        return type == "array";
      case Value::Kind::map:
      case Value::Kind::object:
        return type == "object";
      case Value::Kind::unknown:
      case Value::Kind::reference:
        break;
    }
    return false;
  }

  void check_value(const Value& rule, const Value& value, const std::string& where) {
    if (const Value* type = rule.find("type")) {
      const auto types = type->is_string() ? Value::List{*type} : type->as_list();
      const bool fits = std::any_of(types.begin(), types.end(), [&value](const Value& each) {
        return has_type(value, each.as_string());
      });
      if (!fits) fault(where, "is no " + schema::to_json(*type));
    }
    if (const Value* wanted = rule.find("const"); wanted != nullptr && *wanted != value)
      fault(where, "is not " + schema::to_json(*wanted));
    if (const Value* all = rule.find("enum")) {
      const auto& list = all->as_list();
      if (std::find(list.begin(), list.end(), value) == list.end())
        fault(where, "is none of " + schema::to_json(*all));
    }
    const Value* minimum = rule.find("minimum");
    if (minimum != nullptr && value.kind() == Value::Kind::integer &&
        value.as_integer() < minimum->as_integer())
      fault(where, "is too small");
    check_limits(rule, value, where);
    const Value* pattern = rule.find("pattern");
    if (pattern != nullptr && value.is_string() &&
        !std::regex_search(value.as_string(), std::regex(pattern->as_string())))
      fault(where, "does not match " + pattern->as_string());
  }

  void check_limits(const Value& rule, const Value& value, const std::string& where) {
    const Value* longest = rule.find("maxLength");
    if (longest != nullptr && value.is_string() &&
        value.as_string().size() > static_cast<std::size_t>(longest->as_integer()))
      fault(where, "is too long");
    if (value.kind() != Value::Kind::integer) return;
    const Value* maximum = rule.find("maximum");
    if (maximum != nullptr && value.as_integer() > maximum->as_integer())
      fault(where, "is too large");
    const Value* factor = rule.find("multipleOf");
    if (factor != nullptr && value.as_integer() % factor->as_integer() != 0)
      fault(where, "is no multiple");
  }

  void check_fields(const Value& rule, const Value& value, const std::string& where) {
    if (const Value* required = rule.find("required")) {
      for (const auto& name : required->as_list()) {
        if (value.find(name.as_string()) == nullptr) fault(where, "lacks " + name.as_string());
      }
    }
    if (const Value* names = rule.find("propertyNames")) {
      for (const auto& [name, inner] : value.as_fields())
        check(*names, Value::string(name), where + "/" + name);
    }
    const Value* properties = rule.find("properties");
    const Value* others = rule.find("additionalProperties");
    for (const auto& [name, inner] : value.as_fields()) {
      const Value* known = properties != nullptr ? properties->find(name) : nullptr;
      if (known != nullptr) {
        check(*known, inner, where + "/" + name);
      } else if (others != nullptr && *others == Value::boolean(false)) {
        fault(where, "has the unknown member " + name);
      } else if (others != nullptr && others->has_fields()) {
        check(*others, inner, where + "/" + name);
      }
    }
  }

  const Value& root_;
};

}  // namespace

std::vector<std::string> schema_faults(const Value& schema, const Value& value) {
  Validator validator(schema);
  validator.check(schema, value, "");
  return validator.faults;
}

}  // namespace pveplan::sim
