#include "lab/core/validate.hpp"

#include "lab/core/formats.hpp"
#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

using schema::Value;

std::string_view type_name(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::string:
      return "string";
    case Parameter::Kind::integer:
      return "integer";
    case Parameter::Kind::number:
      return "number";
    case Parameter::Kind::boolean:
      return "boolean";
    case Parameter::Kind::array:
      return "array";
    case Parameter::Kind::object:
      return "object";
  }
  return {};
}

/// Perl's name of what is not a plain scalar; empty for scalars.
std::string_view reference_name(const Value& value) {
  if (value.kind() == Value::Kind::list) return "ARRAY";
  if (value.has_fields()) return "HASH";
  if (value.kind() == Value::Kind::boolean) return "JSON::PP::Boolean";
  return {};
}

bool is_integer(const std::string& text) { return matches(text, "[+-]?[0-9]+"); }
bool is_number(const std::string& text) {
  return matches(text, "[+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
}

bool scalar_fits(Parameter::Kind kind, const std::string& text) {
  switch (kind) {
    case Parameter::Kind::integer:
      return is_integer(text);
    case Parameter::Kind::number:
      return is_number(text);
    case Parameter::Kind::boolean:
      return text == "0" || text == "1";
    case Parameter::Kind::string:
    case Parameter::Kind::array:
    case Parameter::Kind::object:
      return true;
  }
  return true;
}

/// Empty when the type fits.
std::string type_fault(Parameter::Kind kind, const Value& value) {
  if (kind == Parameter::Kind::array || kind == Parameter::Kind::object) {
    const bool fits = reference_name(value) == (kind == Parameter::Kind::array ? "ARRAY" : "HASH");
    return fits ? std::string{} : fmt::format("type check ('{}') failed", type_name(kind));
  }
  const std::string_view reference = reference_name(value);
  if (!reference.empty()) {
    if (kind == Parameter::Kind::boolean && value.kind() == Value::Kind::boolean) return {};
    return fmt::format("type check ('{}') failed - got {}", type_name(kind), reference);
  }
  const std::string text = scalar_text(value);
  if (scalar_fits(kind, text)) return {};
  return fmt::format("type check ('{}') failed - got '{}'", type_name(kind), text);
}

std::string range_fault(const Parameter& rule, const std::string& text) {
  if (!is_number(text)) return {};
  const double value = std::stod(text);
  if (rule.maximum && value > static_cast<double>(*rule.maximum)) {
    return fmt::format("value must have a maximum value of {}", *rule.maximum);
  }
  if (rule.minimum && value < static_cast<double>(*rule.minimum)) {
    return fmt::format("value must have a minimum value of {}", *rule.minimum);
  }
  return {};
}

std::string length_fault(const Parameter& rule, const std::string& text) {
  if (rule.max_length && text.size() > *rule.max_length) {
    return fmt::format("value may only be {} characters long", *rule.max_length);
  }
  if (rule.min_length && text.size() < *rule.min_length) {
    return fmt::format("value must be at least {} characters long", *rule.min_length);
  }
  return {};
}

std::string enumeration_fault(const Parameter& rule, const std::string& text) {
  if (rule.values.empty()) return {};
  for (const std::string& choice : rule.values) {
    if (choice == text) return {};
  }
  return fmt::format("value '{}' does not have a value in the enumeration '{}'", text,
                     join(rule.values, ", "));
}

std::string format_fault(const Parameter& rule, const std::string& text, const std::string& path,
                         const CheckContext& context) {
  if (rule.properties != nullptr) {
    const auto parsed = parse_property_string(*rule.properties, text, path, context);
    return parsed ? std::string{} : "invalid format - " + parsed.error().message;
  }
  if (rule.format.empty()) return {};
  const auto problem = check_format(rule.format, text, context.major);
  return problem ? fmt::format("invalid format - {}\n", *problem) : std::string{};
}

/// The first fault of a scalar, in the order in which the real checker looks.
std::string scalar_fault(const Parameter& rule, const std::string& text, const std::string& path,
                         const CheckContext& context) {
  if (std::string fault = format_fault(rule, text, path, context); !fault.empty()) return fault;
  if (!rule.pattern.empty() && !matches(text, rule.pattern)) {
    return "value does not match the regex pattern";
  }
  if (std::string fault = length_fault(rule, text); !fault.empty()) return fault;
  if (std::string fault = range_fault(rule, text); !fault.empty()) return fault;
  return enumeration_fault(rule, text);
}

void check_items(const Parameter& rule, const Value& list, const std::string& path,
                 const CheckContext& context, Faults& faults) {
  Parameter item = rule;
  item.kind = rule.item_kind;
  std::size_t index = 0;
  for (const Value& element : list.as_list()) {
    const std::string place = fmt::format("{}[{}]", path, index++);
    std::string fault = type_fault(item.kind, element);
    if (fault.empty()) fault = scalar_fault(item, scalar_text(element), place, context);
    if (!fault.empty()) add_fault(faults, place, fault);
  }
}

void check_value(const Parameter& rule, const Value& value, const std::string& path,
                 const CheckContext& context, Faults& faults) {
  std::string fault = type_fault(rule.kind, value);
  if (fault.empty() && rule.kind == Parameter::Kind::array) {
    return check_items(rule, value, path, context, faults);
  }
  if (fault.empty() && value.kind() != Value::Kind::list && !value.has_fields()) {
    fault = scalar_fault(rule, scalar_text(value), path, context);
  }
  if (!fault.empty()) add_fault(faults, path, fault);
}

/// "net[n]" with an upper bound matches net0 … netMAX, without leading zeros.
bool names(const Parameter& rule, const std::string& name) {
  if (!rule.name.ends_with("[n]")) return rule.name == name;
  const std::string stem = rule.name.substr(0, rule.name.size() - 3);
  if (!name.starts_with(stem) || !matches(name.substr(stem.size()), "0|[1-9][0-9]{0,3}")) {
    return false;
  }
  return to_integer(name.substr(stem.size())).value_or(0) <= rule.highest_index;
}

const Parameter* find_rule(std::span<const Parameter> known, const std::string& name) {
  for (const Parameter& rule : known) {
    if (names(rule, name)) return &rule;
  }
  return nullptr;
}

std::string missing_companion(const std::string& by, const CheckContext& context) {
  return context.major >= 9 ? fmt::format("missing property required by '{}'", by)
                            : fmt::format("missing property - '{}' requires this property", by);
}

std::string inside(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

Faults check_all(std::span<const Parameter> known, const Parameters& given,
                 const std::string& prefix, const CheckContext& context) {
  Faults faults;
  for (const Parameter& rule : known) {
    if (rule.name.ends_with("[n]") || rule.is_optional || given.has(rule.name)) continue;
    if (!rule.alias.empty()) continue;
    add_fault(faults, inside(prefix, rule.name), "property is missing and it is not optional");
  }
  for (const auto& [name, value] : given.all()) {
    const std::string path = inside(prefix, name);
    const Parameter* rule = find_rule(known, name);
    if (rule == nullptr) {
      add_fault(faults, path,
                "property is not defined in schema and the schema does not allow additional "
                "properties");
      continue;
    }
    if (!rule->needs.empty() && !given.has(rule->needs)) {
      add_fault(faults, inside(prefix, rule->needs), missing_companion(path, context));
    }
    if (!value.is_null()) check_value(*rule, value, path, context, faults);
  }
  return faults;
}

std::string boolean_digit(const std::string& text) {
  const std::string low = to_lower(text);
  if (low == "1" || low == "on" || low == "yes" || low == "true") return "1";
  if (low == "0" || low == "off" || low == "no" || low == "false") return "0";
  return text;
}

/// Splits `a=b,c=d` by the rules of property strings; a failure is the text behind "format error".
Attempt<Parameters> split_properties(const PropertyFormat& format, const std::string& text) {
  Parameters result;
  for (const std::string& part : split(text, ',')) {
    if (trim(part).empty()) continue;
    const auto equals = part.find('=');
    std::string key = equals == std::string::npos ? format.default_key : part.substr(0, equals);
    std::string value = equals == std::string::npos ? part : part.substr(equals + 1);
    const bool half = equals != std::string::npos && value.empty();
    if (key.empty() || half) return fail("missing key in comma-separated list property");
    if (equals == std::string::npos && result.has(key)) {
      return fail("missing key in comma-separated list property");
    }
    const Parameter* rule = find_rule(format.keys, key);
    if (rule != nullptr && !rule->alias.empty()) {
      if (!rule->key_alias.empty()) result.set(rule->key_alias, Value::string(key));
      key = rule->alias;
      rule = find_rule(format.keys, key);
    }
    if (result.has(key))
      return fail(fmt::format("duplicate key in comma-separated list property: {}", key));
    if (rule != nullptr && rule->kind == Parameter::Kind::boolean) value = boolean_digit(value);
    result.set(key, Value::string(value));
  }
  return result;
}

}  // namespace

void add_fault(Faults& faults, const std::string& path, const std::string& text) {
  std::string& slot = faults[path];
  slot = slot.empty() ? text : slot + "\\n" + text;
}

void shape_parameters(std::span<const Parameter> known, Parameters& given) {
  const Parameters before = given;
  for (const auto& [name, value] : before.all()) {
    const Parameter* rule = find_rule(known, name);
    if (rule == nullptr || value.is_null()) continue;
    const bool is_list = value.kind() == Value::Kind::list;
    if (rule->kind == Parameter::Kind::array && !is_list && !value.has_fields()) {
      given.set(name, Value::list({value}));
    } else if (rule->kind == Parameter::Kind::string && is_list &&
               rule->format.ends_with("-list")) {
      given.set(name, Value::string(join(before.list(name), ",")));
    }
  }
}

Faults check_parameters(std::span<const Parameter> known, const Parameters& given,
                        const CheckContext& context) {
  return check_all(known, given, {}, context);
}

Attempt<std::map<std::string, std::string>> parse_property_string(const PropertyFormat& format,
                                                                  const std::string& text,
                                                                  const std::string& path,
                                                                  const CheckContext& context) {
  const auto parts = split_properties(format, text);
  if (!parts) return std::unexpected(parts.error());
  const Faults faults = check_all(format.keys, *parts, path, context);
  if (!faults.empty()) {
    std::string message = "format error\n";
    for (const auto& [where, problem] : faults) message += fmt::format("{}: {}\n", where, problem);
    return std::unexpected(Failure{500, message, {}});
  }
  std::map<std::string, std::string> result;
  for (const auto& [key, value] : parts->all()) result[key] = scalar_text(value);
  return result;
}

}  // namespace pveplan::lab
