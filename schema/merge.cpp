#include "schema/merge.hpp"

#include <algorithm>

namespace pveplan::schema {
namespace {

bool names_secret(const Node& node) {
  const auto& entries = node.table()->entries;
  if (entries.size() != 1) return false;
  const auto& key = entries.front().key;
  return key == "env" || key == "file" || key == "command";
}

}  // namespace

NodePtr merge_trees(const NodePtr& base, const NodePtr& over) {
  if (base->table() == nullptr || over->table() == nullptr) return over;
  if (names_secret(*base) && names_secret(*over)) return over;
  const auto& below = base->table()->entries;
  const auto& above = over->table()->entries;
  std::vector<Entry> entries;
  entries.reserve(below.size() + above.size());
  auto b = below.begin();
  auto a = above.begin();
  while (b != below.end() || a != above.end()) {
    if (a == above.end() || (b != below.end() && b->key < a->key)) {
      entries.push_back(*b++);
    } else if (b == below.end() || a->key < b->key) {
      entries.push_back(*a++);
    } else {
      entries.push_back({a->key, a->key_span, merge_trees(b->value, a->value)});
      ++a;
      ++b;
    }
  }
  return make_table(std::move(entries), over->span);
}

NodePtr without_path(const NodePtr& tree, const Path& path, std::size_t depth) {
  const auto& name = path.steps()[depth];
  const auto* entry = tree->find(name);
  if (entry == nullptr) return tree;
  std::vector<Entry> entries = tree->table()->entries;
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&name](const Entry& each) { return each.key == name; });
  if (depth + 1 == path.steps().size()) {
    entries.erase(at);
  } else {
    at->value = without_path(entry->value, path, depth + 1);
  }
  return make_table(std::move(entries), tree->span);
}

bool has_path(const Node& tree, const Path& path) {
  const Node* here = &tree;
  for (const auto& step : path.steps()) {
    const auto* entry = here->find(step);
    if (entry == nullptr) return false;
    here = entry->value.get();
  }
  return true;
}

}  // namespace pveplan::schema
