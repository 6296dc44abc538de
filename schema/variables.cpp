#include "schema/variables.hpp"

#include "schema/blocks.hpp"
#include "schema/convert.hpp"
#include "schema/formats.hpp"
#include "schema/suggest.hpp"
#include "schema/toml_tree.hpp"
#include "schema/type_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <regex>
#include <set>

namespace pveplan::schema {
namespace {

constexpr std::string_view kPrefix = "PVEPLAN_VAR_";

/// Where a value comes from, before it is known to fit.
struct Given {
  NodePtr value;
  std::string origin;
  Span span;  ///< known for files
};

/// A declaration, as the constraints that a value is held against.
struct Declaration {
  AttributeSchema attribute;
  NodePtr default_value;
  bool sensitive = false;
  Span span;
  bool failed = false;
};

NodePtr leaf(Node node) { return std::make_shared<const Node>(std::move(node)); }

NodePtr text_leaf(std::string text) {
  Node node;
  node.data = std::move(text);
  return leaf(std::move(node));
}

Type type_named(std::string_view name) {
  if (name == "integer") return integer();
  if (name == "number") return decimal();
  if (name == "boolean" || name == "bool") return boolean();
  if (name == "list") return list_of(any());
  if (name == "map") return map_of(any());
  return string();
}

/// Without a `type` it is that of the default.
Type type_of(const Node& value) {
  if (std::holds_alternative<std::int64_t>(value.data)) return integer();
  if (std::holds_alternative<bool>(value.data)) return boolean();
  if (std::holds_alternative<Decimal>(value.data)) return decimal();
  if (value.array() != nullptr) return list_of(any());
  if (value.table() != nullptr) return map_of(any());
  return string();
}

bool is_number(const Type& type) {
  return type.kind == Type::Kind::integer || type.kind == Type::Kind::decimal;
}

/// A number of either kind, to be held against limits.
std::optional<double> number_of(const Value& value) {
  if (value.kind() == Value::Kind::integer) return static_cast<double>(value.as_integer());
  if (value.kind() == Value::Kind::decimal) return std::strtod(value.as_decimal().c_str(), nullptr);
  return std::nullopt;
}

NodePtr parse_as_toml(std::string_view text) {
  const auto tree = parse_toml("v = " + std::string(text), Span::kNoFile);
  const auto* entry = tree ? (*tree)->find("v") : nullptr;
  return entry == nullptr || (*tree)->table()->entries.size() != 1 ? nullptr : entry->value;
}

NodePtr parse_list(std::string_view text) {
  if (text.starts_with('[')) return parse_as_toml(text);
  Node::Array items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    items.items.push_back(text_leaf(std::string(text.substr(0, comma))));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  Node node;
  node.data = std::move(items);
  return leaf(std::move(node));
}

/// A value that came as text (--var, environment) in the form that its type has; nullptr when it
/// has none.
NodePtr parse_given(const std::string& text, const Type& type) {
  Node node;
  if (type.kind == Type::Kind::list) return parse_list(text);
  if (type.kind == Type::Kind::map || type.kind == Type::Kind::decimal) return parse_as_toml(text);
  if (type.kind == Type::Kind::boolean) {
    if (text != "true" && text != "false") return nullptr;
    node.data = text == "true";
  } else if (type.kind == Type::Kind::integer) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size()) return nullptr;
    node.data = number;
  } else {
    node.data = text;
  }
  return leaf(std::move(node));
}

class VariableDecoder {
 public:
  VariableDecoder(DecodeContext& context, const LoadRequest& request,
                  const std::vector<NodePtr>& files)
      : context_(context), request_(request), files_(files) {}

  void decode(const Node& root) {
    const auto* block = root.find("variable");
    if (block != nullptr && block->value->table() != nullptr) {
      for (const auto& entry : block->value->table()->entries) declare(entry);
    } else if (block != nullptr) {
      context_.diagnostics.add(
          error("Wrong type", "Variables are blocks: write [variable.NAME].", block->key_span));
    }
    const auto* misspelled = misspelled_block(context_.registry, root, "variable");
    if (misspelled != nullptr && misspelled->value->table() != nullptr) {
      for (const auto& entry : misspelled->value->table()->entries)
        declarations_[entry.key].failed = true;
    }
    for (const auto& [name, declaration] : declarations_) give(name, declaration);
    refuse_unknown();
  }

 private:
  void declare(const Entry& entry) {
    if (!is_name(entry.key) || entry.value->table() == nullptr) {
      context_.diagnostics.add(
          error("Invalid name",
                fmt::format("A variable is declared as [variable.NAME], with {}.",
                            format_words(Format::name)),
                entry.key_span));
      return;
    }
    const auto errors_before = context_.diagnostics.error_count();
    Converter converter(context_, Converter::References::refused);
    converter.set_owner("A variable");
    Site site;
    site.span = entry.value->span;
    site.literal = true;
    const auto fields = converter.convert_object(*entry.value, variable_block_schema(), site);
    declarations_[entry.key] = declaration_of(entry, fields);
    if (context_.diagnostics.error_count() > errors_before) declarations_[entry.key].failed = true;
  }

  Declaration declaration_of(const Entry& entry, const Value& fields) {
    Declaration result;
    auto& attribute = result.attribute;
    attribute.name = entry.key;
    result.span = entry.value->span;
    if (const auto* preset = entry.value->find("default")) result.default_value = preset->value;
    const auto* type = fields.find("type");
    if (type != nullptr) {
      attribute.type = type_named(type->as_string());
    } else if (result.default_value) {
      attribute.type = type_of(*result.default_value);
    }
    if (const auto* least = fields.find("min")) attribute.minimum = least->as_integer();
    if (const auto* most = fields.find("max")) attribute.maximum = most->as_integer();
    if (const auto* sensitive = fields.find("sensitive"))
      result.sensitive = sensitive->as_boolean();
    if (const auto* pattern = fields.find("pattern"))
      set_pattern(entry, pattern->as_string(), result);
    if (const auto* choices = fields.find("one_of")) set_choices(entry, *choices, result);
    check_constraints(entry, result);
    return result;
  }

  void set_choices(const Entry& entry, const Value& choices, Declaration& declaration) {
    Converter converter(context_, Converter::References::refused);
    const auto* written = entry.value->find("one_of")->value->array();
    const auto& type = declaration.attribute.type;
    const bool scalar = type.kind == Type::Kind::string || is_number(type);
    for (const auto& item : written->items) {
      Site site;
      site.name = "one_of";
      site.span = item->span;
      site.literal = true;
      if (scalar) converter.convert(*item, type, site);
    }
    for (const auto& choice : choices.as_list())
      declaration.attribute.one_of.push_back({text_of(choice), {}, {}});
  }

  static std::string text_of(const Value& scalar) {
    if (scalar.is_string()) return scalar.as_string();
    if (scalar.kind() == Value::Kind::integer) return std::to_string(scalar.as_integer());
    return scalar.kind() == Value::Kind::decimal ? scalar.as_decimal() : std::string();
  }

  /// What would have no meaning is refused, never ignored. In a list it is meant for each element.
  void check_constraints(const Entry& entry, const Declaration& declaration) {
    const auto& type = declaration.attribute.type;
    const bool list = type.kind == Type::Kind::list;
    const auto refuse = [&](const char* key, bool fits, const char* what) {
      const auto* stated = entry.value->find(key);
      if (stated == nullptr || fits) return;
      context_.diagnostics.add(error(
          "Conflicting attributes",
          fmt::format("\"{}\" is for {}, and the variable is {}.", key, what, type_words(type)),
          stated->key_span));
    };
    const bool text = type.kind == Type::Kind::string;
    refuse("pattern", text || list, "texts");
    refuse("min", is_number(type) || list, "numbers");
    refuse("max", is_number(type) || list, "numbers");
    refuse("one_of", text || is_number(type) || list, "texts and numbers");
  }

  void set_pattern(const Entry& entry, const std::string& pattern, Declaration& declaration) {
    try {
      const std::regex compiled(pattern);
      declaration.attribute.pattern = pattern;
      declaration.attribute.pattern_description =
          fmt::format("a text that matches \"{}\"", pattern);
    } catch (const std::regex_error&) {
      context_.diagnostics.add(error("Invalid pattern",
                                     fmt::format("\"{}\" is no regular expression.", pattern),
                                     entry.value->find("pattern")->value->span));
    }
  }

  /// The first origin that has a value, in the order that the language fixes.
  Given find_value(const std::string& name, const Declaration& declaration) {
    const auto& typed = request_.variables;
    const auto at = std::find_if(typed.rbegin(), typed.rend(),
                                 [&name](const auto& each) { return each.first == name; });
    if (at != typed.rend()) return from_text(at->second, "--var", declaration);
    for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
      const auto* entry = *file ? (*file)->find(name) : nullptr;
      if (entry != nullptr) {
        return {entry->value, context_.sources.name(entry->key_span.file), entry->value->span};
      }
    }
    const auto variable = std::string(kPrefix) + name;
    if (auto text = context_.environment(variable)) return from_text(*text, variable, declaration);
    if (declaration.default_value) {
      return {declaration.default_value, "default", declaration.default_value->span};
    }
    return {};
  }

  Given from_text(const std::string& text, std::string origin, const Declaration& declaration) {
    auto node = parse_given(text, declaration.attribute.type);
    if (node) return {std::move(node), std::move(origin), {}};
    return {text_leaf(text), std::move(origin), {}};
  }

  void give(const std::string& name, const Declaration& declaration) {
    auto& variable = context_.variables[name];
    variable.sensitive = declaration.sensitive;
    if (declaration.failed) return;
    auto given = find_value(name, declaration);
    if (!given.value) {
      context_.diagnostics.add(error(
          "Variable without a value",
          fmt::format("Give it a value with --var {0}=VALUE, in a file named by --vars, or in the "
                      "environment as {1}{0}; or give it a default.",
                      name, kPrefix),
          declaration.span));
      return;
    }
    variable.origin = given.origin;
    if (fits(name, given, declaration)) variable.value = given.value;
    const auto& preset = declaration.default_value;
    if (preset && given.value != preset) fits(name, {preset, "default", preset->span}, declaration);
  }

  bool fits(const std::string& name, const Given& given, const Declaration& declaration) {
    const auto errors_before = context_.diagnostics.error_count();
    Variable shown{given.value, given.origin, declaration.sensitive};
    Converter converter(context_, Converter::References::refused);
    Site site;
    site.attribute = &declaration.attribute;
    site.name = name;
    site.span = given.span.known() ? given.span : declaration.span;
    site.literal = true;
    site.sensitive = declaration.sensitive;
    if (given.origin != "default" && !given.span.known()) {
      site.variable = &shown;
      site.variable_name = name;
    }
    const auto value = converter.convert(*given.value, declaration.attribute.type, site);
    check_number(converter, value, declaration.attribute, site);
    return context_.diagnostics.error_count() == errors_before;
  }

  /// What attributes of resources do not need: choices of numbers, and limits of decimals.
  void check_number(Converter& converter, const Value& value, const AttributeSchema& attribute,
                    const Site& site) {
    const auto number = number_of(value);
    if (!number) return;
    const auto& choices = attribute.one_of;
    const auto text = text_of(value);
    const bool listed = std::any_of(choices.begin(), choices.end(),
                                    [&text](const EnumValue& each) { return each.name == text; });
    if (!choices.empty() && !listed) {
      std::vector<std::string> names;
      for (const auto& each : choices) names.push_back(each.name);
      return converter.report(
          "Unknown value",
          fmt::format("\"{}\" is {}, not {}.", site.name, fmt::join(names, " or "), text), site);
    }
    if (value.kind() != Value::Kind::decimal) return;
    if (attribute.minimum && *number < static_cast<double>(*attribute.minimum))
      converter.report("Value out of range",
                       fmt::format("\"{}\" is at least {}.", site.name, *attribute.minimum), site);
    if (attribute.maximum && *number > static_cast<double>(*attribute.maximum))
      converter.report("Value out of range",
                       fmt::format("\"{}\" is at most {}.", site.name, *attribute.maximum), site);
  }

  void unknown_name(const std::string& name, std::string_view origin, Span span) {
    if (context_.incomplete) return;
    std::vector<std::string> names;
    for (const auto& [known, declaration] : declarations_) names.push_back(known);
    context_.diagnostics.add(
        error("Unknown variable",
              fmt::format("There is no [variable.{}] in the topology, and {} gives it a value.{}",
                          name, origin, context_.guess(name, names)),
              span));
  }

  void refuse_unknown() {
    for (const auto& [name, text] : request_.variables) {
      if (!declarations_.contains(name)) unknown_name(name, "--var", {});
    }
    for (const auto& file : files_) {
      if (!file) continue;
      for (const auto& entry : file->table()->entries) {
        if (declarations_.contains(entry.key)) continue;
        unknown_name(entry.key, context_.sources.name(entry.key_span.file), entry.key_span);
      }
    }
    if (!request_.source.variable_names) return;
    for (const auto& variable : request_.source.variable_names()) {
      const auto name = variable.substr(std::min(kPrefix.size(), variable.size()));
      if (!declarations_.contains(name)) unknown_name(name, variable, {});
    }
  }

  DecodeContext& context_;
  const LoadRequest& request_;
  const std::vector<NodePtr>& files_;
  std::map<std::string, Declaration> declarations_;
};

}  // namespace

const ObjectSchema& variable_block_schema() {
  static const auto kSchema =
      ObjectBuilder()
          .add(attr("type", string())
                   .values({"string", "number", "integer", "boolean", "bool", "list", "map"})
                   .doc("What the value is. Without it, what the default is, else a string."))
          .add(attr("default", any()).doc("The value where nothing else gives one."))
          .add(attr("one_of", list_of(any())).doc("The texts or numbers that are allowed."))
          .add(attr("pattern", string()).doc("A regular expression for the whole text."))
          .add(attr("min", integer()).doc("The smallest number that is allowed."))
          .add(attr("max", integer()).doc("The largest number that is allowed."))
          .add(attr("sensitive", boolean()).doc("Keeps the value out of plans, logs and messages."))
          .add(attr("doc", string()).doc("What the variable is for."))
          .build();
  return kSchema;
}

void decode_variables(DecodeContext& context, const Node& root, const LoadRequest& request,
                      const std::vector<NodePtr>& files) {
  VariableDecoder(context, request, files).decode(root);
}

std::vector<VariableBinding> variable_bindings(DecodeContext& context) {
  std::vector<VariableBinding> result;
  for (const auto& [name, variable] : context.variables) {
    if (!variable.value) continue;
    Converter converter(context, Converter::References::refused);
    Site site;
    site.literal = true;
    site.sensitive = variable.sensitive;
    auto value = converter.convert(*variable.value, any(), site);
    result.push_back({name, variable.sensitive ? value.as_sensitive() : value, variable.origin,
                      variable.value->span});
  }
  return result;
}

}  // namespace pveplan::schema
