#include "schema/blocks.hpp"

#include "schema/block_keys.hpp"
#include "schema/convert.hpp"
#include "schema/formats.hpp"
#include "schema/instance_keys.hpp"
#include "schema/later.hpp"
#include "schema/merge.hpp"
#include "schema/set_changes.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::schema {
namespace {

/// Top-level names that are no resource types.
bool is_root_block(std::string_view name) {
  return name == "pveplan" || name == "proxmox" || name == "variable" || name == "profile" ||
         is_set_change(name);
}

std::vector<std::string> block_names(const SchemaRegistry& registry) {
  std::vector<std::string> names = {"pveplan", "proxmox", "variable", "profile",
                                    "moved",   "removed", "import"};
  for (const auto& [type, schema] : registry.all()) names.push_back(type);
  return names;
}

bool is_unknown_block(const SchemaRegistry& registry, std::string_view name) {
  return !is_root_block(name) && registry.find(name) == nullptr && !is_later_type(name);
}

class BlockCollector {
 public:
  explicit BlockCollector(DecodeContext& context) : context_(context) {}

  std::vector<Block> collect(const Node& root) {
    for (const auto& entry : root.table()->entries) {
      if (is_unknown_block(context_.registry, entry.key)) unknown_type(entry);
    }
    if (const auto* profiles = root.find("profile")) collect_profiles(*profiles);
    for (const auto& entry : root.table()->entries) {
      if (is_root_block(entry.key)) continue;
      const auto* schema = context_.registry.find(entry.key);
      if (schema != nullptr && schema->later.empty()) {
        collect_type(entry, *schema);
      } else if (schema != nullptr || is_later_type(entry.key)) {
        refuse_later(entry);
      }
    }
    for (auto& block : blocks_) enter(block);
    return std::move(blocks_);
  }

 private:
  void add_error(std::string summary, std::string detail, Span span) {
    context_.diagnostics.add(error(std::move(summary), std::move(detail), span));
  }

  /// What the misspelled block declares is not called unknown where it is used.
  void unknown_type(const Entry& entry) {
    const auto names = block_names(context_.registry);
    const auto meant = suggestions(entry.key, names);
    add_error("Unknown block",
              fmt::format("\"{}\" is no type of resource.{}", entry.key,
                          context_.guess(entry.key, names)),
              entry.key_span);
    if (meant.empty() || entry.value->table() == nullptr) return;
    for (const auto& named : entry.value->table()->entries) {
      if (meant.front() == "profile") {
        misspelled_profiles_.insert(named.key);
      } else {
        context_.groups[meant.front() + "." + named.key] = {};
      }
    }
  }

  void refuse_later(const Entry& entry) {
    const auto one = [this, &entry](Span span) {
      add_error("Not supported yet",
                fmt::format("pveplan does not act on \"{}\" blocks yet. Take them out, or wait for "
                            "a version that does.",
                            entry.key),
                span);
    };
    if (const auto* array = entry.value->array()) {
      for (const auto& item : array->items) one(item->span);
      if (array->items.empty()) one(entry.key_span);
      return;
    }
    if (entry.value->table() == nullptr) return one(entry.key_span);
    for (const auto& named : entry.value->table()->entries) {
      context_.groups[entry.key + "." + named.key] = {};
      one(named.value->table() == nullptr ? named.key_span : named.value->span);
    }
  }

  void collect_type(const Entry& entry, const ResourceSchema& schema) {
    const auto* table = entry.value->table();
    if (table == nullptr) {
      return add_error("Wrong type",
                       fmt::format("\"{0}\" blocks have names: write [{0}.NAME].", entry.key),
                       entry.key_span);
    }
    for (const auto& named : table->entries) collect_block(entry.key, named, schema);
  }

  void collect_block(const std::string& type, const Entry& named, const ResourceSchema& schema) {
    if (!is_name(named.key)) {
      return add_error("Invalid name",
                       fmt::format("\"{}\" is not {}.", named.key, format_words(Format::name)),
                       named.key_span);
    }
    if (named.value->table() == nullptr) {
      return add_error("Wrong type",
                       fmt::format("\"{0}\" blocks have names: write [{0}.NAME] above the "
                                   "attributes.",
                                   type),
                       named.key_span);
    }
    const auto* kind = schema.later_key.empty() ? nullptr : named.value->find(schema.later_key);
    if (kind != nullptr) {
      context_.groups[type + "." + named.key] = {};
      return add_error("Not supported yet",
                       fmt::format("pveplan does not act on \"{}\" blocks with \"{}\" yet. Take "
                                   "the block out, or wait for a version that does.",
                                   type, kind->key),
                       kind->key_span);
    }
    Block block;
    block.address = {type, named.key, {}, {}};
    block.schema = &schema;
    block.span = named.value->span;
    block.tree = with_profiles(named.value, schema, block);
    if (const auto* after = block.tree->find("after")) block.after = after->value;
    find_instances(context_, block);
    block.tree = without_entries(
        block.tree, [&schema](const std::string& key) { return is_block_key(key, schema); });
    blocks_.push_back(std::move(block));
  }

  void enter(const Block& block) {
    Group group;
    group.schema = block.schema;
    group.span = block.span;
    group.keyed = block.keyed;
    group.uncertain = block.uncertain || block.unexpanded;
    group.keys = block.keys;
    std::sort(group.keys.begin(), group.keys.end());
    context_.groups[block.address.text()] = std::move(group);
  }

  void collect_profiles(const Entry& profiles) {
    const auto* table = profiles.value->table();
    if (table == nullptr) {
      return add_error("Wrong type", "Profiles are blocks: write [profile.NAME].",
                       profiles.key_span);
    }
    for (const auto& entry : table->entries) {
      if (!is_name(entry.key) || entry.value->table() == nullptr) {
        add_error("Invalid name",
                  fmt::format("A profile is written [profile.NAME], with {}.",
                              format_words(Format::name)),
                  entry.key_span);
        continue;
      }
      for (const auto& attribute : entry.value->table()->entries) {
        refuse_in_profile(attribute);
      }
      profiles_[entry.key] = entry.value;
    }
  }

  void refuse_in_profile(const Entry& attribute) {
    if (!is_any_block_key(attribute.key)) return;
    add_error("Not possible in a profile",
              fmt::format("\"{}\" stands in the block that uses the profile.", attribute.key),
              attribute.key_span);
  }

  std::vector<std::string> texts(const Entry* entry, const char* name) {
    static const auto kTexts = list_of(string());
    std::vector<std::string> result;
    if (entry == nullptr) return result;
    Converter converter(context_, Converter::References::refused);
    Site site;
    site.name = name;
    site.span = entry->value->span;
    const auto list = converter.convert(*entry->value, kTexts, site);
    if (list.kind() != Value::Kind::list) return result;
    for (const auto& item : list.as_list()) {
      result.push_back(item.is_string() ? item.as_string() : std::string());
    }
    return result;
  }

  /// Profiles from left to right, without what `unset` names, then the block itself.
  NodePtr with_profiles(const NodePtr& own, const ResourceSchema& schema, Block& block) {
    if (!schema.takes_profiles) return own;
    const auto* use = own->find("use");
    const auto* unset = own->find("unset");
    if (use == nullptr && unset == nullptr) return own;
    auto inherited = make_table({}, own->span);
    std::size_t index = 0;
    for (const auto& name : texts(use, "use")) {
      const auto profile = profiles_.find(name);
      const auto& items = use->value->array()->items;
      const auto span = index < items.size() ? items[index]->span : use->value->span;
      ++index;
      if (profile != profiles_.end()) {
        inherited = merge_trees(inherited, without_entries(profile->second, is_any_block_key));
      } else if (!name.empty()) {
        block.flawed = true;
        unknown_profile(name, span);
      }
    }
    for (const auto& text : texts(unset, "unset"))
      inherited = take_out(inherited, own, text, schema, *unset, block);
    return merge_trees(inherited, own);
  }

  void unknown_profile(const std::string& name, Span span) {
    if (context_.incomplete || misspelled_profiles_.contains(name)) return;
    std::vector<std::string> names;
    for (const auto& [known, tree] : profiles_) names.push_back(known);
    add_error("Unknown profile",
              fmt::format("There is no [profile.{}] in the topology.{}", name,
                          context_.guess(name, names)),
              span);
  }

  NodePtr take_out(const NodePtr& inherited, const NodePtr& own, const std::string& text,
                   const ResourceSchema& schema, const Entry& unset, Block& block) {
    const auto path = Path::parse(text);
    const auto span = context_.narrow(unset.value->span, text);
    if (!check_path(context_, schema, "unset", text, span)) return inherited;
    if (has_path(*own, path)) {
      add_error("Set and unset",
                fmt::format("\"unset\" names \"{}\", and the same block states it.", text), span);
      return inherited;
    }
    block.unset.insert(text);
    return without_path(inherited, path);
  }

  DecodeContext& context_;
  std::map<std::string, NodePtr> profiles_;
  std::set<std::string> misspelled_profiles_;
  std::vector<Block> blocks_;
};

}  // namespace

const Entry* misspelled_block(const SchemaRegistry& registry, const Node& root,
                              std::string_view name) {
  const auto names = block_names(registry);
  for (const auto& entry : root.table()->entries) {
    if (!is_unknown_block(registry, entry.key)) continue;
    const auto meant = suggestions(entry.key, names);
    if (!meant.empty() && meant.front() == name) return &entry;
  }
  return nullptr;
}

std::vector<Block> collect_blocks(DecodeContext& context, const Node& root) {
  return BlockCollector(context).collect(root);
}

}  // namespace pveplan::schema
