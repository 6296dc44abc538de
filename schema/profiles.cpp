#include "schema/block_keys.hpp"
#include "schema/blocks.hpp"
#include "schema/convert.hpp"
#include "schema/later.hpp"
#include "schema/merge.hpp"
#include "schema/type_words.hpp"

#include <algorithm>

namespace pveplan::schema {
namespace {

/// Names in every `use` below a node.
void collect_used(const Node& node, std::set<std::string>& names) {
  const auto* table = node.table();
  if (table == nullptr) return;
  for (const auto& entry : table->entries) {
    const auto* list = entry.key == "use" ? entry.value->array() : nullptr;
    if (list == nullptr) {
      collect_used(*entry.value, names);
      continue;
    }
    for (const auto& item : list->items) {
      if (item->text() != nullptr) names.insert(*item->text());
    }
  }
}

/// Profiles of blocks that are not acted on yet hold words that nobody knows yet.
std::set<std::string> used_later(const SchemaRegistry& registry, const Node& root) {
  std::set<std::string> names;
  for (const auto& entry : root.table()->entries) {
    const auto* schema = registry.find(entry.key);
    const bool later = schema == nullptr ? is_later_type(entry.key) : !schema->later.empty();
    if (later) collect_used(*entry.value, names);
  }
  return names;
}

/// What is no attribute in a profile.
bool is_of_block(const std::string& key) { return is_any_block_key(key) || is_lifecycle_key(key); }

}  // namespace

void check_profiles(DecodeContext& context, const Node& root) {
  const auto* profiles = root.find("profile");
  const auto& schemas = context.registry.all();
  const auto user = std::find_if(schemas.begin(), schemas.end(), [](const auto& each) {
    return each.second->takes_profiles && each.second->later.empty();
  });
  if (profiles == nullptr || profiles->value->table() == nullptr || user == schemas.end()) return;
  const auto later = used_later(context.registry, root);
  for (const auto& entry : profiles->value->table()->entries) {
    if (entry.value->table() == nullptr || later.contains(entry.key)) continue;
    Converter converter(context, Converter::References::allowed);
    converter.set_owner(with_article(user->first));
    converter.set_instance(nullptr, true);
    converter.set_partial();
    converter.set_block("profile." + entry.key, user->second, entry.value->span);
    Site site;
    site.span = entry.value->span;
    const auto attributes = without_entries(entry.value, is_of_block);
    converter.convert_object(*attributes, user->second->object, site);
  }
}

}  // namespace pveplan::schema
