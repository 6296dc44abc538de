#include "schema/convert.hpp"
#include "schema/formats.hpp"
#include "schema/suggest.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <regex>

namespace pveplan::schema {
namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// TOML allows "+1_000.5", JSON and our decimals do not; nullopt for inf and nan.
std::optional<std::string> plain_decimal(std::string_view written) {
  if (written.find_first_of("in") != std::string_view::npos) return std::nullopt;
  std::string result;
  for (const char c : written) {
    if (c != '_' && !(c == '+' && result.empty())) result += c;
  }
  return result;
}

/// Compiling a pattern costs far more than a match. Long texts never match: the library's matcher
/// recurses once a character.
bool matches_pattern(const std::string& text, const std::string& pattern) {
  constexpr std::size_t kLongest = 2000;
  static std::map<std::string, std::regex> kept;
  auto known = kept.find(pattern);
  if (known == kept.end()) known = kept.emplace(pattern, std::regex(pattern)).first;
  return text.size() <= kLongest && std::regex_match(text, known->second);
}

std::string shown(std::int64_t number, Type::Kind kind) {
  if (kind == Type::Kind::size && number >= 0)
    return readable_size(static_cast<std::uint64_t>(number));
  if (kind == Type::Kind::duration) return format_duration(number);
  return std::to_string(number);
}

std::vector<std::string> names_of(const std::vector<EnumValue>& values) {
  std::vector<std::string> names;
  for (const auto& value : values) {
    if (value.later.empty()) names.push_back(value.name);
  }
  return names;
}

/// What an object is known by stands in headlines, messages and the state.
bool is_shown_everywhere(const AttributeSchema& attribute) {
  return attribute.reference || attribute.identity || attribute.choice != Choice::none;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

Value Converter::convert_scalar(const Node& node, const Type& type, const Site& site) {
  const bool anything = type.kind == Type::Kind::any;
  if (const auto* truth = std::get_if<bool>(&node.data)) {
    if (!anything && type.kind != Type::Kind::boolean) return wrong_type(node, type, site);
    return check_value(Value::boolean(*truth), type, site);
  }
  if (const auto* text = node.text()) {
    if (anything || type.kind == Type::Kind::string) {
      return check_value(Value::string(*text), type, site);
    }
    if (type.kind == Type::Kind::size || type.kind == Type::Kind::duration) {
      return convert_quantity(node, type, site);
    }
    if (site.from_text) return convert_number(node, type, site);
    return wrong_type(node, type, site);
  }
  if (std::holds_alternative<std::int64_t>(node.data) ||
      std::holds_alternative<Decimal>(node.data)) {
    return convert_number(node, type, site);
  }
  return wrong_type(node, type, site);
}

Value Converter::convert_number(const Node& node, const Type& type, const Site& site) {
  const bool anything = type.kind == Type::Kind::any;
  if (const auto* text = node.text()) {  // from the environment or a key
    if (type.kind == Type::Kind::boolean && (*text == "true" || *text == "false")) {
      return check_value(Value::boolean(*text == "true"), type, site);
    }
    const auto number = parse_integer(*text);
    if (!number || type.kind == Type::Kind::boolean) return wrong_type(node, type, site);
    return check_value(Value::integer(*number), type, site);
  }
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) {
    if (type.kind == Type::Kind::size) return refuse_bare_size(std::to_string(*number), site);
    if (type.kind == Type::Kind::duration) {
      report("Duration without a unit",
             fmt::format("Durations have units: write \"{0}s\", or \"{0}m\" for minutes.", *number),
             site);
      return Value();
    }
    if (type.kind == Type::Kind::decimal) {
      return check_value(Value::decimal(std::to_string(*number)), type, site);
    }
    if (!anything && type.kind != Type::Kind::integer) return wrong_type(node, type, site);
    return check_value(Value::integer(*number), type, site);
  }
  const auto decimal = plain_decimal(std::get<Decimal>(node.data).text);
  if (type.kind == Type::Kind::size && decimal) return refuse_bare_size(*decimal, site);
  if (!anything && type.kind != Type::Kind::decimal) return wrong_type(node, type, site);
  if (decimal) return check_value(Value::decimal(*decimal), type, site);
  report("Invalid number", "Infinity and \"not a number\" have no use in a topology.", site);
  return Value();
}

Value Converter::refuse_bare_size(const std::string& number, const Site& site) {
  const bool of_memory = site.attribute != nullptr && site.attribute->multiple_of;
  report("Size without a unit", advise_unit(number, of_memory), site);
  return Value();
}

Value Converter::convert_quantity(const Node& node, const Type& type, const Site& site) {
  const bool is_size = type.kind == Type::Kind::size;
  if (is_size && parse_integer(*node.text()).value_or(-1) >= 0)
    return refuse_bare_size(*node.text(), site);
  const auto number = is_size ? parse_size(*node.text()) : parse_duration(*node.text());
  if (number) return check_value(Value::integer(*number), type, site);
  report(is_size ? "Invalid size" : "Invalid duration", number.error(), site);
  return Value();
}

const ObjectSchema& secret_schema() {
  static const auto kSchema =
      ObjectBuilder()
          .add(attr("env", string()).doc("The environment variable that holds it."))
          .add(attr("file", string()).doc("The file that holds it."))
          .add(attr("command", list_of(string())).doc("The program that prints it."))
          .constraint({CrossConstraint::Kind::exactly_one_of, {"env", "file", "command"}, {}})
          .build();
  return kSchema;
}

Value Converter::convert_secret(const Node& node, const Site& site) {
  if (node.table() == nullptr) {
    auto diagnostic = error(
        "Secret in the open",
        fmt::format("A secret stands in a topology by reference only. Write {} = {{ env = \"NAME\" "
                    "}}, {{ file = \"PATH\" }} or {{ command = [\"pass\", \"show\", \"pve\"] }}.",
                    site.path()),
        site.span);
    diagnostic.sensitive = true;
    context_.diagnostics.add(std::move(diagnostic));
    return Value();
  }
  auto source = convert_object(node, secret_schema(), site);
  if (const auto* file = source.find("file"); file != nullptr && file->is_string()) {
    source = source.with(Path({"file"}),
                         Value::string(context_.resolve_path(file->as_string(), site.file())));
  }
  return source;
}

void Converter::refuse_sensitive_name(const Site& site) {
  auto diagnostic = error("Sensitive name",
                          fmt::format("\"{}\" tells what something is called or where it is, which "
                                      "every plan shows: it cannot be sensitive.",
                                      site.path()),
                          site.span);
  diagnostic.sensitive = site.variable == nullptr;
  context_.diagnostics.add(std::move(diagnostic));
}

Value Converter::check_value(Value value, const Type& type, const Site& site) {
  const auto* attribute = site.attribute;
  if (site.sensitive) value = value.as_sensitive();
  if (attribute == nullptr) return value;
  if (site.sensitive && is_shown_everywhere(*attribute)) {
    refuse_sensitive_name(site);
    return Value();
  }
  if (attribute->later_except && value != *attribute->later_except) {
    report("Not supported yet", attribute->later, site);
    return Value();
  }
  if (value.kind() == Value::Kind::integer && !check_range(value, type, site)) return Value();
  if (!value.is_string()) return value;
  auto checked = check_text(value.as_string(), site);
  return site.sensitive ? checked.as_sensitive() : checked;
}

bool Converter::check_range(const Value& value, const Type& type, const Site& site) {
  const auto& attribute = *site.attribute;
  const auto number = value.as_integer();
  if (attribute.minimum && number < *attribute.minimum) {
    report("Value out of range",
           fmt::format("\"{}\" is at least {}.", site.path(), shown(*attribute.minimum, type.kind)),
           site);
    return false;
  }
  if (attribute.maximum && number > *attribute.maximum) {
    report("Value out of range",
           fmt::format("\"{}\" is at most {}.", site.path(), shown(*attribute.maximum, type.kind)),
           site);
    return false;
  }
  if (attribute.multiple_of && number % *attribute.multiple_of != 0) {
    report("Value out of range",
           fmt::format("\"{}\" is a multiple of {}.", site.path(),
                       shown(*attribute.multiple_of, type.kind)),
           site);
    return false;
  }
  return true;
}

bool Converter::check_choice(const std::string& text, const Site& site) {
  const auto& choices = site.attribute->one_of;
  if (choices.empty()) return true;
  const auto at = std::find_if(choices.begin(), choices.end(),
                               [&](const EnumValue& each) { return each.name == text; });
  if (at == choices.end()) {
    const auto names = names_of(choices);
    report("Unknown value",
           fmt::format("\"{}\" is {}, not \"{}\".{}", site.path(), quoted_list(names), text,
                       context_.guess(text, names)),
           site);
    return false;
  }
  if (!at->later.empty()) {
    report("Not supported yet", at->later, site);
    return false;
  }
  return true;
}

Value Converter::check_text(const std::string& text, const Site& site) {
  const auto& attribute = *site.attribute;
  if (!check_choice(text, site)) return Value();
  if (text.find('\0') != std::string::npos) {
    report("Invalid text", fmt::format("\"{}\" holds a NUL character.", site.path()), site);
    return Value();
  }
  if (attribute.max_length && count_characters(text) > *attribute.max_length) {
    report("Text too long",
           fmt::format("\"{}\" has {} characters; at most {} are allowed.", site.path(),
                       count_characters(text), *attribute.max_length),
           site);
    return Value();
  }
  const bool fits = attribute.pattern.empty() || matches_pattern(text, attribute.pattern);
  if (!fits) {
    report("Invalid value", fmt::format("\"{}\" is not {}.", text, attribute.pattern_description),
           site);
    return Value();
  }
  auto checked = check_format(attribute.format, text);
  if (!checked) {
    report("Invalid value", checked.error(), site);
    return Value();
  }
  if (attribute.format == Format::file) return check_file(text, site);
  if (attribute.format == Format::ssh_key) return check_keys(text, site);
  if (attribute.reference) return check_name(*checked, *attribute.reference, site);
  return Value::string(std::move(*checked));
}

}  // namespace pveplan::schema
