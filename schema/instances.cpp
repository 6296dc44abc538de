#include "schema/blocks.hpp"
#include "schema/block_keys.hpp"
#include "schema/convert.hpp"
#include "schema/merge.hpp"
#include "schema/type_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::schema {
namespace {

/// An attribute of a per-node type written as a table by node: `vmid = { pve1 = 9000 }`.
bool is_by_node(const Entry& entry, const ResourceSchema& schema) {
  if (schema.instances == Instances::single || entry.value->table() == nullptr) return false;
  const auto* attribute = schema.find(entry.key);
  return attribute != nullptr && !takes_tables(attribute->type);
}

/// The tree of one node: tables by node replaced by what they hold for it.
NodePtr tree_of_node(const NodePtr& tree, const ResourceSchema& schema,
                     const std::optional<std::string>& node) {
  const auto& entries = tree->table()->entries;
  const bool plain = std::none_of(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return is_by_node(entry, schema); });
  if (plain) return tree;
  std::vector<Entry> chosen;
  for (const auto& entry : entries) {
    if (!is_by_node(entry, schema)) {
      chosen.push_back(entry);
      continue;
    }
    const auto* own = node ? entry.value->find(*node) : nullptr;
    if (own != nullptr) chosen.push_back({entry.key, entry.key_span, own->value});
  }
  return make_table(std::move(chosen), tree->span);
}

/// `after = ["vm.db"]`: edges where no value flows.
void decode_after(DecodeContext& context, const Block& block, const ResourceAddress& address,
                  std::vector<Dependency>& dependencies) {
  static const auto kAfter = attr("after", list_of(string())).build();
  if (!block.after) return;
  Converter converter(context, Converter::References::refused);
  converter.set_instance(&address, (block.unexpanded || block.uncertain) && !address.key);
  Site site;
  site.attribute = &kAfter;
  site.name = "after";
  site.span = block.after->span;
  const auto list = converter.convert(*block.after, kAfter.type, site);
  if (list.kind() != Value::Kind::list) return;
  for (const auto& item : list.as_list()) {
    if (!item.is_string()) continue;
    Site place = site;
    place.span = context.narrow(site.span, item.as_string());
    if (auto dependency = converter.dependency_on(item.as_string(), place)) {
      dependencies.push_back(std::move(*dependency));
    }
  }
}

/// Takes `manage`, `ignore` and `allow_replace` out of the instance's tree.
Lifecycle take_lifecycle(Converter& converter, const ResourceSchema& schema, NodePtr& tree) {
  Lifecycle lifecycle;
  bool any = false;
  for (const auto& attribute : lifecycle_attributes()) {
    const auto* entry = tree->find(attribute.name);
    if (entry == nullptr) continue;
    any = true;
    Site site;
    site.attribute = &attribute;
    site.name = attribute.name;
    site.span = entry->value->span;
    const auto value = converter.convert(*entry->value, attribute.type, site);
    if (attribute.name == "manage") {
      lifecycle.observe = value == Value::string("observe");
    } else if (attribute.name == "allow_replace") {
      lifecycle.allow_replace = value == Value::boolean(true);
    } else if (value.kind() == Value::Kind::list) {
      for (const auto& item : value.as_list()) {
        if (!item.is_string()) continue;
        auto& context = converter.context();
        const auto span = context.narrow(site.span, item.as_string());
        if (check_path(context, schema, attribute.name, item.as_string(), span))
          lifecycle.ignore.insert(item.as_string());
      }
    }
  }
  if (any)
    tree = without_entries(tree, [](const std::string& key) { return is_lifecycle_key(key); });
  return lifecycle;
}

/// A table by node that names a node which has no instance.
void check_node_tables(DecodeContext& context, const Block& block) {
  if (!block.keyed || block.uncertain) return;
  for (const auto& entry : block.tree->table()->entries) {
    if (!is_by_node(entry, *block.schema)) continue;
    for (const auto& own : entry.value->table()->entries) {
      if (std::find(block.keys.begin(), block.keys.end(), own.key) != block.keys.end()) continue;
      context.diagnostics.add(
          error("Unknown key",
                fmt::format("\"nodes\" of {} does not name \"{}\".{}", block.address.text(),
                            own.key, context.guess(own.key, block.keys)),
                own.key_span));
    }
  }
}

}  // namespace

bool check_path(DecodeContext& context, const ResourceSchema& schema, std::string_view key,
                const std::string& text, Span span) {
  const auto path = Path::parse(text);
  if (schema.object.find(path) != nullptr) return true;
  std::vector<std::string> names;
  for (const auto& attribute : schema.object.attributes) names.push_back(attribute.name);
  context.diagnostics.add(
      error("Unknown attribute",
            fmt::format("\"{}\" names paths such as \"nic.lan.vlan\". {} has no attribute "
                        "\"{}\".{}",
                        key, with_article(schema.type), text,
                        context.guess(path.steps().empty() ? text : path.steps().front(), names)),
            span));
  return false;
}

std::vector<std::string> named_nodes(const Block& block) {
  std::set<std::string> names;
  for (const auto& [node, tree] : block.overrides) names.insert(node);
  for (const auto& entry : block.tree->table()->entries) {
    if (!is_by_node(entry, *block.schema)) continue;
    for (const auto& own : entry.value->table()->entries) names.insert(own.key);
  }
  return {names.begin(), names.end()};
}

std::vector<Resource> decode_instances(DecodeContext& context, const Block& block) {
  std::vector<Resource> result;
  check_node_tables(context, block);
  result.reserve(block.keys.size());
  for (const auto& key : block.keys) result.push_back(decode_instance(context, block, key));
  return result;
}

Resource decode_instance(DecodeContext& context, const Block& block,
                         const std::optional<std::string>& key) {
  Resource resource;
  resource.address = block.address;
  resource.address.key = key;
  resource.schema = block.schema;
  resource.span = block.span;
  resource.unset = block.unset;
  resource.tree = block.tree;
  if (key) {
    const auto own = block.overrides.find(*key);
    if (own != block.overrides.end()) resource.tree = merge_trees(resource.tree, own->second);
  }
  resource.tree = tree_of_node(resource.tree, *block.schema, key);
  Converter converter(context, Converter::References::allowed);
  converter.set_instance(&resource.address, (block.unexpanded || block.uncertain) && !key);
  converter.set_owner(with_article(block.address.type));
  converter.set_block(block.address.text(), block.schema, block.span);
  resource.lifecycle = take_lifecycle(converter, *block.schema, resource.tree);
  Site site;
  site.span = block.span;
  resource.attributes = converter.convert_object(*resource.tree, block.schema->object, site);
  resource.dependencies = converter.take_dependencies();
  decode_after(context, block, resource.address, resource.dependencies);
  if (block.schema->complete != nullptr) block.schema->complete(resource);
  // A key that nothing is called, or an unknown profile, leaves holes that are no faults.
  const bool whole = !converter.met_unknown_keys() && !block.flawed;
  if (block.schema->check != nullptr && whole) block.schema->check(resource, context.diagnostics);
  return resource;
}

Resource InstanceRecipe::make(const std::string& node) const {
  auto resource = decode_instance(*context_, *block_, node);
  context_->diagnostics = {};
  return resource;
}

std::vector<Resource> expand_per_node(const Resource& resource,
                                      const std::vector<std::string>& nodes) {
  auto names = nodes;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<Resource> result;
  for (const auto& node : names) result.push_back(resource.recipe->make(node));
  return result;
}

}  // namespace pveplan::schema
