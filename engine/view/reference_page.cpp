#include "engine/view/reference_page.hpp"

#include "engine/view/text.hpp"
#include "schema/block_keys.hpp"
#include "schema/formats.hpp"
#include "schema/json.hpp"
#include "schema/lifecycle.hpp"
#include "schema/root_blocks.hpp"
#include "schema/set_changes.hpp"
#include "schema/suggest.hpp"
#include "schema/type_words.hpp"
#include "schema/units.hpp"
#include "schema/variables.hpp"

#include <fmt/format.h>

#include <vector>

namespace pveplan::view {

using schema::AttributeSchema;
using schema::EffectRule;
using schema::ObjectSchema;
using schema::Type;
using schema::Value;

namespace {

std::string_view effect_words(EffectRule rule) {
  switch (rule) {
    case EffectRule::none:
    case EffectRule::live:
      return "";
    case EffectRule::restart:
      return "A change is in effect after a restart of the guest.";
    case EffectRule::cloud_init:
      return "A change is in effect at the guest's next start.";
    case EffectRule::hotplug_disk:
    case EffectRule::hotplug_nic:
      return "Added to and taken from a running guest where its hotplug setting allows it, else at "
             "its next restart.";
    case EffectRule::hotplug_cpu:
    case EffectRule::hotplug_memory:
      return "A change is in effect at once where the guest's hotplug setting allows it, else "
             "after a restart.";
    case EffectRule::replug_nic:
      return "A change interrupts the guest's link for a moment.";
    case EffectRule::grow_disk:
      return "It grows while the guest runs.";
    case EffectRule::network_reload:
      return "A change reloads the node's network.";
    case EffectRule::create_only:
      return "A later change is for new objects only.";
    case EffectRule::replaces:
      return "A change makes a new object in place of the old one.";
    case EffectRule::identity:
      return "It cannot be changed.";
  }
  return "";
}

std::string limits(const AttributeSchema& attribute, const Type& type) {
  const auto shown = [&type](std::int64_t number) {
    if (type.kind == Type::Kind::size) return schema::format_size(number);
    if (type.kind == Type::Kind::duration) return schema::format_duration(number);
    return std::to_string(number);
  };
  std::string result;
  if (attribute.minimum && attribute.maximum) {
    result = fmt::format(", {} to {}", shown(*attribute.minimum), shown(*attribute.maximum));
  } else if (attribute.minimum) {
    result = fmt::format(", at least {}", shown(*attribute.minimum));
  } else if (attribute.maximum) {
    result = fmt::format(", at most {}", shown(*attribute.maximum));
  }
  if (attribute.multiple_of)
    result += fmt::format(", a multiple of {}", shown(*attribute.multiple_of));
  return result;
}

/// The names that may be written, with the versions that know them.
std::string choices(const AttributeSchema& attribute) {
  std::vector<std::string> names;
  for (const auto& each : attribute.one_of) {
    if (!each.later.empty()) continue;
    auto name = fmt::format("`\"{}\"`", each.name);
    const auto since = each.versions.since;
    if (since != 0) name += fmt::format(" (since {}.{})", since / 100, since % 100);
    names.push_back(std::move(name));
  }
  return schema::join_words(names, "or");
}

std::string reference_words(const schema::ReferenceRule& rule) {
  return fmt::format("the name of {} {}", rule.target_types.front() == "image" ? "an" : "a",
                     schema::join_words(rule.target_types, "or"));
}

/// What one value of the type may be.
std::string value_words(const AttributeSchema& attribute, const Type& type) {
  const bool several = type.kind == Type::Kind::list || type.kind == Type::Kind::set;
  if (several) return "a list, each " + value_words(attribute, *type.element);
  if (type.kind == Type::Kind::map) return "a table, each " + value_words(attribute, *type.element);
  if (type.kind == Type::Kind::one_of) {
    std::vector<std::string> words;
    for (const auto& each : type.alternatives) words.push_back(value_words(attribute, each));
    return schema::join_words(words, "or");
  }
  if (type.kind != Type::Kind::string) return schema::type_words(type) + limits(attribute, type);
  if (!attribute.one_of.empty()) return choices(attribute);
  if (!attribute.pattern_description.empty()) return attribute.pattern_description;
  if (attribute.reference && attribute.reference->prefix.empty())
    return reference_words(*attribute.reference);
  if (attribute.format != schema::Format::none)
    return std::string(schema::format_words(attribute.format));
  if (attribute.max_length)
    return fmt::format("a text of at most {} characters", *attribute.max_length);
  return "a text";
}

std::string written(const AttributeSchema& attribute, const Value& value) {
  if (attribute.type.kind == Type::Kind::size) return schema::format_size(value.as_integer());
  if (attribute.type.kind == Type::Kind::duration)
    return schema::format_duration(value.as_integer());
  return schema::to_json(value);
}

std::string default_words(const AttributeSchema& attribute, const schema::Default& each) {
  const bool server = each.owner == schema::DefaultOwner::server;
  auto words =
      each.value.is_null() ? each.description : fmt::format("`{}`", written(attribute, each.value));
  if (words.empty()) words = server ? "left to Proxmox" : "nothing";
  if (!each.value.is_null() && !each.description.empty()) words += " " + each.description;
  if (!each.with.empty()) words += fmt::format(", where `{}` is stated", each.with);
  if (!each.without.empty()) words += fmt::format(", where `{}` is not stated", each.without);
  return words;
}

std::string version_words(const schema::VersionRange& versions) {
  std::string result;
  if (versions.since != 0)
    result += fmt::format(" Since Proxmox VE {}.{}.", versions.since / 100, versions.since % 100);
  if (versions.until != 0)
    result += fmt::format(" Gone in Proxmox VE {}.{}.", versions.until / 100, versions.until % 100);
  return result;
}

std::string item(const AttributeSchema& attribute, const std::string& prefix) {
  auto text = fmt::format(
      "- **`{}{}`**: {}{}. {}", prefix, attribute.name, value_words(attribute, attribute.type),
      attribute.presence == schema::Presence::required ? ", required" : "", attribute.doc);
  std::vector<std::string> defaults;
  for (const auto& each : attribute.defaults) defaults.push_back(default_words(attribute, each));
  if (!defaults.empty()) text += fmt::format(" Unset: {}.", schema::join_words(defaults, "or"));
  const auto effect = effect_words(attribute.effect);
  if (!effect.empty()) text += fmt::format(" {}", effect);
  text += version_words(attribute.versions);
  if (attribute.sensitive || attribute.type.kind == Type::Kind::secret)
    text += " It is shown nowhere.";
  return wrapped(text, 0, 2) + '\n';
}

/// Empty when the program acts on too few of the attributes for the rule to mean anything.
std::string rule_text(const ObjectSchema& object, const schema::CrossConstraint& rule) {
  using Kind = schema::CrossConstraint::Kind;
  std::vector<std::string> names;
  for (const auto& name : rule.attributes) {
    const auto* attribute = object.find(name);
    if (attribute == nullptr || schema::is_acted_on(*attribute)) names.push_back('`' + name + '`');
  }
  if (names.size() < 2) return {};
  const std::vector<std::string> others(names.begin() + 1, names.end());
  std::string text;
  switch (rule.kind) {
    case Kind::requires_other:
      text = fmt::format("{} needs {}.", names.front(), schema::join_words(others));
      break;
    case Kind::exactly_one_of:
      text = fmt::format("One of {} must be stated.", schema::join_words(names, "or"));
      break;
    case Kind::conflicts:
    case Kind::at_most_one_of:
      text = fmt::format("At most one of {} can be stated.", schema::join_words(names));
      break;
    case Kind::one_part_only:
      text = fmt::format("{} stands in one {} only.", names.back(), names.front());
      break;
  }
  if (!rule.reason.empty()) text += ' ' + rule.reason;
  return wrapped("- " + text, 0, 2) + '\n';
}

/// The attributes of an object and, below headings of their own, of the tables inside.
void add_object(std::string& page, const ObjectSchema& object, const std::string& path) {
  const auto prefix = path.empty() ? std::string() : path + '.';
  for (const auto& attribute : object.attributes) {
    if (schema::can_be_stated(attribute) && schema::is_acted_on(attribute))
      page += item(attribute, prefix);
  }
  for (const auto& rule : object.constraints) page += rule_text(object, rule);
  for (const auto& attribute : object.attributes) {
    if (!attribute.type.object || !schema::is_acted_on(attribute)) continue;
    const bool part = attribute.type.kind == Type::Kind::keyed_part;
    const auto inner = prefix + attribute.name + (part ? ".NAME" : "");
    page += fmt::format("\n## `{}`\n\n", inner);
    add_object(page, *attribute.type.object, inner);
    if (part)
      page += wrapped("- **`" + inner +
                          ".count`**: a whole number. So many such parts, "
                          "with the keys `NAME[1]`, `NAME[2]` and so on.",
                      0, 2) +
              '\n';
  }
}

std::string list_of(const std::vector<AttributeSchema>& attributes) {
  std::string result;
  for (const auto& each : attributes) result += item(each, "");
  return result;
}

void add_exports(std::string& page, const schema::ResourceSchema& schema) {
  std::string exported, later;
  for (const auto& each : schema.object.attributes) {
    if (!schema::can_be_stated(each))
      exported +=
          wrapped(fmt::format("- **`${{{}.NAME.{}}}`**: {}", schema.type, each.name, each.doc), 0,
                  2) +
          '\n';
    if (!schema::is_acted_on(each)) later += (later.empty() ? "`" : ", `") + each.name + '`';
  }
  if (!exported.empty()) page += "\n## What others may read\n\n" + exported;
  if (!later.empty())
    page += "\n## Not supported yet\n\n" + wrapped("Refused with a message: " + later + '.', 0, 0) +
            '\n';
}

void add_root(std::string& page, const char* heading, const char* doc, const ObjectSchema& object) {
  page += fmt::format("\n## `{}`\n\n{}\n\n", heading, wrapped(doc, 0, 0));
  add_object(page, object, "");
}

std::string first_sentence(const std::string& text) {
  const auto stop = text.find(". ");
  return stop == std::string::npos ? text : text.substr(0, stop + 1);
}

}  // namespace

std::string reference_page(const schema::ResourceSchema& schema) {
  auto page = fmt::format("# `[{}.NAME]`\n\n{}\n\n## Attributes\n\n", schema.type,
                          wrapped(schema.doc, 0, 0));
  add_object(page, schema.object, "");
  page += "\n## Of the block itself\n\n" + list_of(schema::block_keys(schema)) +
          list_of(schema::lifecycle_attributes());
  add_exports(page, schema);
  return page;
}

std::string topology_page() {
  std::string page = "# Blocks that are no resources\n";
  add_root(page, "[pveplan]", "The topology itself.", schema::pveplan_block_schema());
  add_root(page, "[proxmox]",
           "The cluster. Left out by topologies that use `record` and nothing else.",
           schema::proxmox_block_schema());
  add_root(page, "[variable.NAME]",
           "A value from outside: `--var NAME=VALUE`, then `--vars FILE.vars.toml`, then the "
           "environment's `PVEPLAN_VAR_NAME`, then `default`. It is used as `${var.NAME}`.",
           schema::variable_block_schema());
  add_root(page, "[[moved]]", "An address was renamed; nothing changes on the server.",
           schema::set_change_schema("moved"));
  add_root(page, "[[removed]]", "An object is forgotten, and stays on the server.",
           schema::set_change_schema("removed"));
  add_root(page, "[[import]]", "An object that exists already is taken over.",
           schema::set_change_schema("import"));
  return page;
}

std::string types_text(const schema::SchemaRegistry& registry) {
  std::string text;
  for (const auto& [type, schema] : registry.all()) {
    if (!schema->later.empty()) continue;
    text += padded(type, 12) + wrapped(first_sentence(schema->doc), 12, 12) + '\n';
  }
  return text;
}

std::string types_page(const schema::SchemaRegistry& registry) {
  std::string page =
      "# Reference\n\n" +
      wrapped(
          "Made from the schemas of the program; `pveplan schema TYPE` prints the same pages. "
          "[Blocks that are no resources](topology.md) have a page of their own.",
          0, 0) +
      "\n\n";
  for (const auto& [type, schema] : registry.all()) {
    if (!schema->later.empty()) continue;
    page +=
        wrapped(fmt::format("- [`{0}`]({0}.md): {1}", type, first_sentence(schema->doc)), 0, 2) +
        '\n';
  }
  return page;
}

}  // namespace pveplan::view
