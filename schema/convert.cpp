#include "schema/convert.hpp"

#include "schema/type_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::schema {
namespace {

/// How a scalar that stands where another type is wanted is written right; empty when unclear.
std::string correction(const Node& node, const Type& type) {
  if (const auto* text = node.text()) {
    const bool truth = *text == "yes" || *text == "on" || *text == "true" || *text == "1";
    const bool falsehood = *text == "no" || *text == "off" || *text == "false" || *text == "0";
    if (type.kind == Type::Kind::boolean && (truth || falsehood)) return truth ? "true" : "false";
    const bool digits = !text->empty() && text->size() < 19 &&
                        text->find_first_not_of("0123456789") == std::string::npos;
    if (type.kind == Type::Kind::integer && digits) return *text + ", without quotes";
    const bool list = type.kind == Type::Kind::list || type.kind == Type::Kind::set;
    if (list && text->size() <= 40) return fmt::format("[\"{}\"]", *text);
  }
  if (const auto* number = std::get_if<std::int64_t>(&node.data)) {
    if (type.kind == Type::Kind::string) return fmt::format("\"{}\"", *number);
    if (type.kind == Type::Kind::boolean && (*number == 0 || *number == 1)) {
      return *number == 1 ? "true" : "false";
    }
  }
  return {};
}

bool is_written_as(const Node& node, const Type& type) {
  switch (type.kind) {
    case Type::Kind::boolean:
      return std::holds_alternative<bool>(node.data);
    case Type::Kind::integer:
      return std::holds_alternative<std::int64_t>(node.data);
    case Type::Kind::decimal:
      return std::holds_alternative<std::int64_t>(node.data) ||
             std::holds_alternative<Decimal>(node.data);
    case Type::Kind::string:
    case Type::Kind::size:
    case Type::Kind::duration:
      return node.text() != nullptr;
    case Type::Kind::list:
    case Type::Kind::set:
      return node.array() != nullptr;
    case Type::Kind::secret:
    case Type::Kind::map:
    case Type::Kind::object:
    case Type::Kind::keyed_part:
      return node.table() != nullptr;
    case Type::Kind::any:
    case Type::Kind::one_of:
      return true;
  }
  return false;
}

/// Whether the object alternative is the one that the discriminator of the table names.
bool discriminated(const Node& table, const Type& alternative, const std::string& discriminator) {
  if (!alternative.object) return false;
  const auto* attribute = alternative.object->find(discriminator);
  const auto* entry = table.find(discriminator);
  if (attribute == nullptr || entry == nullptr || entry->value->text() == nullptr) return false;
  return std::any_of(attribute->one_of.begin(), attribute->one_of.end(),
                     [&](const EnumValue& each) { return each.name == *entry->value->text(); });
}

}  // namespace

std::string Site::path() const {
  const auto outer = parent == nullptr ? std::string() : parent->path();
  if (name.empty()) return outer;
  return outer.empty() ? std::string(name) : outer + "." + std::string(name);
}

Site Site::inner(const Node& node, std::string_view inner_name,
                 const AttributeSchema* inner_attribute) const {
  Site result = *this;
  result.attribute = inner_attribute;
  result.parent = this;
  result.name = inner_name;
  if (variable == nullptr) result.span = node.span;
  return result;
}

std::uint32_t Site::file() const {
  return variable != nullptr && variable->value ? variable->value->span.file : span.file;
}

void Converter::set_instance(const ResourceAddress* address, bool key_unknown) {
  address_ = address;
  key_unknown_ = key_unknown;
}

void Converter::set_block(std::string block, const ResourceSchema* schema, Span header) {
  block_ = std::move(block);
  schema_ = schema;
  header_ = header;
}

void Converter::report(std::string summary, std::string detail, const Site& site) {
  if (site.sensitive) {
    detail = fmt::format("The value of \"{}\" does not fit. It is sensitive and not shown.",
                         site.path());
  }
  const bool from_variable = site.variable != nullptr;
  if (from_variable) {
    detail += fmt::format(" It comes from the variable \"{}\" ({}).", site.variable_name,
                          site.variable->origin);
  }
  auto diagnostic = error(std::move(summary), std::move(detail), site.span);
  diagnostic.sensitive = site.sensitive && !from_variable;  // the span is the value itself then
  if (from_variable && !site.sensitive && site.variable->value->span.known()) {
    diagnostic.notes.push_back({"the value stands here", site.variable->value->span});
  }
  context_.diagnostics.add(std::move(diagnostic));
}

Value Converter::convert(const Node& node, const Type& type, const Site& site) {
  if (const auto* text = node.text();
      text != nullptr && !site.literal && has_interpolation(*text)) {
    return resolve(*text, type, site);
  }
  switch (type.kind) {
    case Type::Kind::boolean:
    case Type::Kind::integer:
    case Type::Kind::decimal:
    case Type::Kind::string:
    case Type::Kind::size:
    case Type::Kind::duration:
      return convert_scalar(node, type, site);
    case Type::Kind::secret:
      return convert_secret(node, site);
    case Type::Kind::list:
    case Type::Kind::set:
      return convert_list(node, type, site);
    case Type::Kind::map:
      return convert_map(node, type, site);
    case Type::Kind::object:
      if (node.table() == nullptr) return wrong_type(node, type, site);
      return convert_object(node, *type.object, site);
    case Type::Kind::keyed_part:
      return convert_part_table(node, type, site);
    case Type::Kind::any:
      return convert_any(node, site);
    case Type::Kind::one_of:
      return convert_one_of(node, type, site);
  }
  return Value();
}

Value Converter::wrong_type(const Node& node, const Type& type, const Site& site) {
  if (std::holds_alternative<Node::Date>(node.data)) {
    report("Wrong type", "Dates and times have no use in a topology: write a text in quotes.",
           site);
    return Value();
  }
  auto detail =
      fmt::format("\"{}\" takes {}, not {}.", site.path(), type_words(type), node_kind(node));
  if (const auto right = correction(node, type); !right.empty()) {
    detail += fmt::format(" Write {}.", right);
  }
  report("Wrong type", std::move(detail), site);
  return Value();
}

Value Converter::convert_list(const Node& node, const Type& type, const Site& site) {
  const auto* array = node.array();
  if (array == nullptr) return wrong_type(node, type, site);
  Value::List items;
  items.reserve(array->items.size());
  std::set<std::string> seen;
  for (const auto& item : array->items) {
    const auto inner = site.inner(*item, {}, site.attribute);
    auto value = convert(*item, *type.element, inner);
    if (value.is_null()) continue;
    if (value.kind() == Value::Kind::list) {  // one text became several values: keys of a file
      items.insert(items.end(), value.as_list().begin(), value.as_list().end());
      continue;
    }
    const bool twice =
        type.kind == Type::Kind::set && value.is_string() && !seen.insert(value.as_string()).second;
    if (twice) {
      report("Listed twice",
             fmt::format("\"{}\" holds \"{}\" already.", site.path(), value.as_string()), inner);
    }
    items.push_back(std::move(value));
  }
  return Value::list(std::move(items));
}

Value Converter::convert_map(const Node& node, const Type& type, const Site& site) {
  const auto* table = node.table();
  if (table == nullptr) return wrong_type(node, type, site);
  Value::Fields fields;
  for (const auto& entry : table->entries) {
    const auto inner = site.inner(*entry.value, entry.key, site.attribute);
    auto value = convert(*entry.value, *type.element, inner);
    if (!value.is_null()) fields.emplace_back(entry.key, std::move(value));
  }
  return Value::map(std::move(fields));
}

Value Converter::convert_any(const Node& node, const Site& site) {
  if (const auto* table = node.table()) {
    Value::Fields fields;
    fields.reserve(table->entries.size());
    for (const auto& entry : table->entries) {
      auto value = convert(*entry.value, any(), site.inner(*entry.value, entry.key, nullptr));
      if (!value.is_null()) fields.emplace_back(entry.key, std::move(value));
    }
    return Value::map(std::move(fields));
  }
  if (const auto* array = node.array()) {
    Value::List items;
    items.reserve(array->items.size());
    for (const auto& item : array->items) {
      auto value = convert(*item, any(), site.inner(*item, {}, nullptr));
      if (!value.is_null()) items.push_back(std::move(value));
    }
    return Value::list(std::move(items));
  }
  return convert_scalar(node, any(), site);
}

Value Converter::convert_one_of(const Node& node, const Type& type, const Site& site) {
  for (const auto& alternative : type.alternatives) {
    if (!is_written_as(node, alternative)) continue;
    const bool by_discriminator = !type.discriminator.empty() && node.table() != nullptr;
    if (by_discriminator && !discriminated(node, alternative, type.discriminator)) continue;
    return convert(node, alternative, site);
  }
  return wrong_type(node, type, site);
}

Span span_of(const Node& table, std::string_view key) {
  const auto* entry = table.find(key);
  return entry == nullptr ? table.span : entry->value->span;
}

}  // namespace pveplan::schema
