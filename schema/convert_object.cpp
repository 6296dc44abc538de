#include "schema/block_keys.hpp"
#include "schema/convert.hpp"
#include "schema/formats.hpp"
#include "schema/later.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace pveplan::schema {
namespace {

constexpr std::int64_t kMostParts = 256;

std::vector<std::string> writable_names(const ObjectSchema& schema) {
  std::vector<std::string> names;
  for (const auto& attribute : schema.attributes) {
    if (can_be_stated(attribute) && attribute.later.empty()) names.push_back(attribute.name);
  }
  return names;
}

std::string_view without_number(std::string_view text) {
  while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

bool is_called(const AttributeSchema& attribute, std::string_view proxmox_word) {
  const auto& wire = attribute.wire;
  if (wire.option == proxmox_word || wire.property_key == proxmox_word) return true;
  return std::find(wire.aliases.begin(), wire.aliases.end(), without_number(proxmox_word)) !=
         wire.aliases.end();
}

/// Why a word of the language has no meaning in blocks of this type; empty when it is none.
std::string_view without_meaning(std::string_view word, const ResourceSchema& schema) {
  const bool per_node = schema.instances != Instances::single;
  if (word == "count" || word == "for_each" || word == "each") {
    return per_node ? " It has one instance for each of its `nodes`."
                    : " There is one for each block: write another block.";
  }
  if (word == "use" || word == "unset") return " Profiles are for guests.";
  if (word == "nodes") return " It has no instance for each node.";
  return {};
}

/// "disk.NAME." for attributes of a keyed part, "cloud_init." for those of an object.
std::string prefix_of(const AttributeSchema& attribute) {
  return attribute.name + (attribute.type.kind == Type::Kind::keyed_part ? ".NAME." : ".");
}

/// What Proxmox's word, or a word of an inner table, is called at this place; empty when unclear.
std::string translated(std::string_view word, const ObjectSchema& schema) {
  for (const auto& attribute : schema.attributes) {
    if (is_called(attribute, word)) {
      return fmt::format(" Proxmox's \"{}\" is written \"{}\" here.", word, attribute.name);
    }
  }
  for (const auto& attribute : schema.attributes) {
    if (!attribute.type.object) continue;
    for (const auto& inner : attribute.type.object->attributes) {
      if (inner.name == word || is_called(inner, word)) {
        return fmt::format(" Did you mean \"{}{}\"?", prefix_of(attribute), inner.name);
      }
    }
  }
  return {};
}

Site at_key(const Site& site, const Entry& entry) {
  Site result = site.inner(*entry.value, entry.key, nullptr);
  if (site.variable == nullptr) result.span = entry.key_span;
  return result;
}

/// Which of the attributes are stated. One that is refused anyway makes no second fault.
std::vector<const Entry*> present(const Node& table, const std::vector<std::string>& names,
                                  const ObjectSchema& schema) {
  std::vector<const Entry*> result;
  for (const auto& name : names) {
    const auto* attribute = schema.find(name);
    const auto* entry = table.find(name);
    if (entry != nullptr && attribute != nullptr && attribute->later.empty()) {
      result.push_back(entry);
    }
  }
  return result;
}

std::string sentence_behind(const std::string& reason) {
  return reason.empty() ? std::string() : " " + reason;
}

}  // namespace

Value Converter::convert_object(const Node& table, const ObjectSchema& schema, const Site& site,
                                std::string_view meta) {
  Value::Fields fields;
  fields.reserve(table.table()->entries.size());
  for (const auto& entry : table.table()->entries) {
    if (entry.key != meta) convert_entry(table, entry, schema, site, fields);
  }
  for (const auto& attribute : schema.attributes) {
    if (attribute.presence != Presence::required || table.find(attribute.name) != nullptr) continue;
    if (partial_ || is_misspelled(table, schema, {attribute.name})) continue;
    report("Missing attribute",
           fmt::format("\"{}\" must be stated here: {}", attribute.name, attribute.doc), site);
  }
  for (const auto& constraint : schema.constraints) {
    check_constraint(constraint, table, schema, site);
  }
  return Value::object(std::move(fields));
}

bool Converter::is_misspelled(const Node& table, const ObjectSchema& schema,
                              const std::vector<std::string>& names) const {
  const bool own = schema_ != nullptr && &schema == &schema_->object;
  for (const auto& name : names) {
    if (own && swallowed_.contains(name)) return true;
  }
  const auto& entries = table.table()->entries;
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    return schema.find(entry.key) == nullptr && !suggestions(entry.key, names).empty();
  });
}

void Converter::convert_entry(const Node& table, const Entry& entry, const ObjectSchema& schema,
                              const Site& site, Value::Fields& fields) {
  const auto* attribute = schema.find(entry.key);
  if (attribute == nullptr) return unknown_attribute(table, entry, schema, site);
  if (!attribute->later.empty() && !attribute->later_except) {
    return report("Not supported yet", attribute->later, at_key(site, entry));
  }
  if (!can_be_stated(*attribute)) {
    return report("Attribute cannot be set",
                  fmt::format("\"{}\" can be read by other resources, and cannot be set. Take the "
                              "line out.",
                              entry.key),
                  at_key(site, entry));
  }
  auto value =
      convert(*entry.value, attribute->type, site.inner(*entry.value, entry.key, attribute));
  if (!value.is_null()) fields.emplace_back(entry.key, std::move(value));
}

void Converter::unknown_attribute(const Node& table, const Entry& entry, const ObjectSchema& schema,
                                  const Site& site) {
  met_unknown_keys_ = true;
  const auto place = at_key(site, entry);
  const bool inner = schema_ != nullptr && &schema != &schema_->object;
  auto names = writable_names(schema);
  if (schema_ != nullptr && !inner) {
    for (const auto& each : lifecycle_attributes()) names.push_back(each.name);
  }
  const auto near = suggestions(entry.key, names);
  const bool of_block =
      inner && (schema_->find(entry.key) != nullptr || is_lifecycle_key(entry.key));
  if (of_block && near.empty() && opened_by_header(table)) {
    return swallowed(table, entry, place);
  }
  if (!inner && schema_ != nullptr && is_later_attribute(entry.key)) {
    return report("Not supported yet",
                  fmt::format("pveplan does not act on \"{}\" yet. Take the line out.", entry.key),
                  place);
  }
  auto help = near.empty() ? translated(entry.key, schema) : context_.guess(entry.key, names);
  if (!inner && schema_ != nullptr && help.empty()) help = without_meaning(entry.key, *schema_);
  const auto what = inner && !site.path().empty() ? fmt::format("\"{}\"", site.path()) : owner_;
  report("Unknown attribute", fmt::format("{} has no attribute \"{}\".{}", what, entry.key, help),
         place);
}

bool Converter::opened_by_header(const Node& table) const {
  return table.span != header_ && context_.written(table.span).starts_with('[');
}

void Converter::swallowed(const Node& table, const Entry& entry, const Site& site) {
  met_unknown_keys_ = true;
  swallowed_.insert(entry.key);
  const auto line = context_.sources.position(table.span.file, table.span.begin).line;
  report("Line in the wrong table",
         fmt::format("\"{}\" belongs to [{}]; this line is inside {}, opened at line {}. Move it "
                     "above that header.",
                     entry.key, block_, context_.written(table.span), line),
         site);
}

Value Converter::convert_part_table(const Node& node, const Type& type, const Site& site) {
  const auto* table = node.table();
  if (table == nullptr) return wrong_type(node, type, site);
  Value::Fields parts;
  for (const auto& entry : table->entries) convert_part(node, entry, *type.object, site, parts);
  return Value::map(std::move(parts));
}

void Converter::convert_part(const Node& table, const Entry& entry, const ObjectSchema& schema,
                             const Site& site, Value::Fields& parts) {
  if (!is_name(entry.key)) {
    return report("Invalid name",
                  fmt::format("\"{}\" is not {}.", entry.key, format_words(Format::name)),
                  at_key(site, entry));
  }
  if (entry.value->table() == nullptr) {
    if (schema_ != nullptr && schema_->find(entry.key) != nullptr && opened_by_header(table)) {
      return swallowed(table, entry, at_key(site, entry));
    }
    return report(
        "Wrong type",
        fmt::format("\"{}\" holds named entries: write {}.NAME.{} = …, with a name of your "
                    "choice.",
                    site.path(), site.path(), entry.key),
        at_key(site, entry));
  }
  const auto inner = site.inner(*entry.value, entry.key, nullptr);
  const auto count = part_count(*entry.value, inner);
  if (!count) return;
  auto part = convert_object(*entry.value, schema, inner, "count");
  if (*count < 0) {
    parts.emplace_back(entry.key, std::move(part));
    return;
  }
  for (std::int64_t i = 1; i <= *count; ++i) {
    parts.emplace_back(fmt::format("{}[{}]", entry.key, i), part);
  }
}

std::optional<std::int64_t> Converter::part_count(const Node& table, const Site& site) {
  static const auto kCount = attr("count", integer()).range(0, kMostParts).build();
  const auto* entry = table.find("count");
  if (entry == nullptr) return -1;
  const auto value =
      convert(*entry->value, kCount.type, site.inner(*entry->value, "count", &kCount));
  if (value.kind() != Value::Kind::integer) return std::nullopt;
  return value.as_integer();
}

void Converter::check_constraint(const CrossConstraint& constraint, const Node& table,
                                 const ObjectSchema& schema, const Site& site) {
  const auto& names = constraint.attributes;
  const auto stated = present(table, names, schema);
  switch (constraint.kind) {
    case CrossConstraint::Kind::requires_other:
      if (table.find(names.front()) != nullptr && stated.size() < names.size() && !partial_ &&
          !is_misspelled(table, schema, names)) {
        const std::vector<std::string> others(names.begin() + 1, names.end());
        report("Missing attribute",
               fmt::format("\"{}\" needs {}.{}", names.front(), quoted_list(others, "and"),
                           sentence_behind(constraint.reason)),
               at_key(site, *table.find(names.front())));
      }
      return;
    case CrossConstraint::Kind::exactly_one_of:
      if (stated.empty() && !partial_ && !is_misspelled(table, schema, names)) {
        report("Missing attribute",
               fmt::format("One of {} must be stated.{}", quoted_list(names),
                           sentence_behind(constraint.reason)),
               site);
      }
      [[fallthrough]];
    case CrossConstraint::Kind::at_most_one_of:
    case CrossConstraint::Kind::conflicts:
      if (stated.size() > 1) conflict(constraint, *stated[0], *stated[1], site);
      return;
    case CrossConstraint::Kind::one_part_only:
      return check_one_part(constraint, table, site);
  }
}

void Converter::conflict(const CrossConstraint& constraint, const Entry& a, const Entry& b,
                         const Site& site) {
  const bool a_first = a.key_span.begin < b.key_span.begin || a.key_span.file != b.key_span.file;
  const auto& first = a_first ? a : b;
  const auto& second = a_first ? b : a;
  const bool parts = constraint.kind == CrossConstraint::Kind::one_part_only;
  auto detail = parts ? constraint.reason
                      : fmt::format("At most one of {} can be stated.{}",
                                    quoted_list(constraint.attributes, "and"),
                                    sentence_behind(constraint.reason));
  auto diagnostic = error("Conflicting attributes", std::move(detail),
                          site.variable == nullptr ? second.key_span : site.span);
  diagnostic.notes.push_back({fmt::format("\"{}\" stands here", first.key), first.key_span});
  context_.diagnostics.add(std::move(diagnostic));
}

void Converter::check_one_part(const CrossConstraint& constraint, const Node& table,
                               const Site& site) {
  const auto* parts = table.find(constraint.attributes.front());
  if (parts == nullptr || parts->value->table() == nullptr) return;
  const Entry* first = nullptr;
  for (const auto& part : parts->value->table()->entries) {
    const auto* stated = part.value->find(constraint.attributes.back());
    if (stated != nullptr && first != nullptr) return conflict(constraint, *first, *stated, site);
    if (stated != nullptr) first = stated;
  }
}

}  // namespace pveplan::schema
