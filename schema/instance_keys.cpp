#include "schema/instance_keys.hpp"

#include "schema/convert.hpp"
#include "schema/formats.hpp"
#include "schema/suggest.hpp"
#include "schema/type_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pveplan::schema {
namespace {

constexpr std::int64_t kMostInstances = 100'000;

class InstanceFinder {
 public:
  InstanceFinder(DecodeContext& context, Block& block)
      : context_(context), block_(block), tree_(block.tree) {}

  void find() {
    const auto* each = tree_->find("each");
    if (block_.schema->instances != Instances::single) {
      keys_from_nodes();
    } else if (block_.schema->repeatable) {
      keys_from_count_or_list();
    } else {
      return;
    }
    if (each != nullptr) read_overrides(*each);
  }

 private:
  void add_error(std::string summary, std::string detail, Span span) {
    context_.diagnostics.add(error(std::move(summary), std::move(detail), span));
  }

  Value convert(const Entry& entry, const AttributeSchema& attribute) {
    Converter converter(context_, Converter::References::refused);
    Site site;
    site.attribute = &attribute;
    site.name = entry.key;
    site.span = entry.value->span;
    return converter.convert(*entry.value, attribute.type, site);
  }

  void keys_from_nodes() {
    static const auto kNodes = attr("nodes", list_of(string())).format(Format::name).build();
    const auto* nodes = tree_->find("nodes");
    if (nodes != nullptr) {
      block_.keyed = true;
      return keys_from_list(*nodes, kNodes, "node");
    }
    if (block_.schema->instances == Instances::per_node_default) {
      block_.unexpanded = true;
      return;
    }
    block_.uncertain = true;
    const auto& entries = tree_->table()->entries;
    const bool misspelled = std::any_of(entries.begin(), entries.end(), [this](const Entry& entry) {
      return block_.schema->find(entry.key) == nullptr &&
             !suggestions(entry.key, {"nodes"}).empty();
    });
    if (misspelled) return;
    add_error("Missing attribute",
              fmt::format("{} belongs to hosts: write nodes = [\"pve1\"].",
                          with_article(block_.schema->type)),
              block_.span);
  }

  void keys_from_count_or_list() {
    static const auto kCount = attr("count", integer()).range(0, kMostInstances).build();
    static const auto kForEach = attr("for_each", list_of(string())).format(Format::name).build();
    const auto* count = tree_->find("count");
    const auto* for_each = tree_->find("for_each");
    if (count != nullptr && for_each != nullptr) {
      block_.uncertain = true;
      return add_error("Conflicting attributes", "A block has either \"count\" or \"for_each\".",
                       std::max(count->key_span, for_each->key_span, by_offset));
    }
    block_.keyed = count != nullptr || for_each != nullptr || tree_->find("each") != nullptr;
    if (for_each != nullptr) return keys_from_list(*for_each, kForEach, "key");
    if (count == nullptr) return keys_from_tables();
    const auto number = convert(*count, kCount);
    block_.uncertain = number.kind() != Value::Kind::integer;
    if (block_.uncertain) return;
    for (std::int64_t i = 1; i <= number.as_integer(); ++i) {
      block_.keys.push_back(std::to_string(i));
    }
  }

  static bool by_offset(const Span& a, const Span& b) { return a.begin < b.begin; }

  void keys_from_tables() {
    const auto* each = tree_->find("each");
    if (each == nullptr || each->value->table() == nullptr) return;
    for (const auto& entry : each->value->table()->entries) block_.keys.push_back(entry.key);
  }

  void keys_from_list(const Entry& entry, const AttributeSchema& attribute, std::string_view word) {
    const auto errors_before = context_.diagnostics.error_count();
    const auto list = convert(entry, attribute);
    block_.uncertain =
        list.kind() != Value::Kind::list || context_.diagnostics.error_count() > errors_before;
    if (list.kind() != Value::Kind::list) return;
    std::set<std::string> seen;
    std::size_t index = 0;
    const auto* written = entry.value->array();
    const bool all = written != nullptr && written->items.size() == list.as_list().size();
    for (const auto& item : list.as_list()) {
      const auto span = all ? written->items[index++]->span : entry.value->span;
      if (!item.is_string()) {
        block_.uncertain = true;
        continue;
      }
      if (item.sensitive()) {
        block_.uncertain = true;
        return add_error("Sensitive key",
                         "Keys are part of addresses, which every plan shows: they cannot be "
                         "sensitive.",
                         entry.value->span);
      }
      if (seen.insert(item.as_string()).second) {
        block_.keys.push_back(item.as_string());
      } else {
        add_error("Listed twice",
                  fmt::format("The {} \"{}\" stands in the list already.", word, item.as_string()),
                  span);
      }
    }
  }

  void read_overrides(const Entry& each) {
    if (each.value->table() == nullptr) {
      return add_error("Wrong type",
                       "\"each\" holds a table for each key: write each.KEY.ATTRIBUTE.",
                       each.key_span);
    }
    for (const auto& entry : each.value->table()->entries) read_override(entry);
  }

  void read_override(const Entry& entry) {
    if (!is_name(entry.key)) {
      return add_error("Invalid name",
                       fmt::format("\"{}\" is not {}.", entry.key, format_words(Format::name)),
                       entry.key_span);
    }
    if (entry.value->table() == nullptr) {
      return add_error(
          "Wrong type",
          fmt::format("\"each.{0}\" is a table: write each.{0}.ATTRIBUTE = …", entry.key),
          entry.key_span);
    }
    const bool known =
        std::find(block_.keys.begin(), block_.keys.end(), entry.key) != block_.keys.end();
    if (!known && !block_.uncertain && !block_.unexpanded) {
      const auto keys = block_.keys.empty() ? std::string("no instance")
                                            : "the keys " + quoted_list(block_.keys, "and");
      return add_error(
          "Unknown key",
          fmt::format("{} has {}: \"each.{}\" overrides nothing.{}", block_.address.text(), keys,
                      entry.key, context_.guess(entry.key, block_.keys)),
          entry.key_span);
    }
    block_.overrides[entry.key] = entry.value;
  }

  DecodeContext& context_;
  Block& block_;
  const NodePtr tree_;
};

}  // namespace

void find_instances(DecodeContext& context, Block& block) { InstanceFinder(context, block).find(); }

}  // namespace pveplan::schema
