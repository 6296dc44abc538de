#pragma once

#include "schema/document.hpp"
#include "schema/value.hpp"

#include <string_view>

namespace pveplan::schema {

/// `over` laid on `base`, leaf by leaf: tables are merged, anything else is replaced. A table that
/// names a secret ({ env | file | command }) is replaced as a whole. Leaves are shared.
NodePtr merge_trees(const NodePtr& base, const NodePtr& over);

/// The tree without what stands at that path; the same tree where nothing does.
NodePtr without_path(const NodePtr& tree, const Path& path, std::size_t depth = 0);

/// Whether anything stands at that path.
bool has_path(const Node& tree, const Path& path);

/// The tree without the entries of those names.
template <typename Predicate>
NodePtr without_entries(const NodePtr& tree, const Predicate& unwanted) {
  std::vector<Entry> entries;
  for (const auto& entry : tree->table()->entries) {
    if (!unwanted(entry.key)) entries.push_back(entry);
  }
  if (entries.size() == tree->table()->entries.size()) return tree;
  return make_table(std::move(entries), tree->span);
}

}  // namespace pveplan::schema
