#include "schema/document.hpp"

#include "schema/syntax_hints.hpp"
#include "schema/text_checks.hpp"
#include "schema/toml_tree.hpp"

#include <algorithm>
#include <utility>

namespace pveplan::schema {
namespace {

void collect_headers(const Node& node, std::vector<Span>& headers) {
  if (const auto* table = node.table()) {
    if (table->made == Node::Table::Made::in_line) return;
    const bool root = node.span.begin == node.span.end;
    if (table->made == Node::Table::Made::by_header && !root) headers.push_back(node.span);
    for (const auto& entry : table->entries) collect_headers(*entry.value, headers);
  } else if (const auto* array = node.array()) {
    for (const auto& item : array->items) collect_headers(*item, headers);
  }
}

}  // namespace

const Entry* Node::find(std::string_view key) const {
  const auto* held = table();
  if (held == nullptr) return nullptr;
  const auto at = std::lower_bound(
      held->entries.begin(), held->entries.end(), key,
      [](const Entry& entry, std::string_view wanted) { return entry.key < wanted; });
  return at != held->entries.end() && at->key == key ? &*at : nullptr;
}

std::string_view node_kind(const Node& node) {
  static constexpr std::string_view kNames[] = {"a boolean", "an integer", "a decimal", "a string",
                                                "a date",    "a table",    "a list"};
  return kNames[node.data.index()];
}

NodePtr make_table(std::vector<Entry> entries, Span span) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  auto result = std::make_shared<Node>();
  result->data = Node::Table{std::move(entries), Node::Table::Made::implied};
  result->span = span;
  return result;
}

NodePtr parse_document(const SourceMap& sources, std::uint32_t file, Diagnostics& diagnostics,
                       std::size_t max_bytes) {
  const std::string& text = sources.text(file);
  if (auto unreadable = check_text(text, file, max_bytes)) {
    diagnostics.add(std::move(*unreadable));
    return nullptr;
  }
  auto tree = parse_toml(text, file);
  if (tree) return *tree;
  diagnostics.add(explain_syntax_error(text, file, tree.error()));
  return nullptr;
}

HeaderIndex::HeaderIndex(const Node& root) {
  collect_headers(root, headers_);
  std::sort(headers_.begin(), headers_.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
}

const Span* HeaderIndex::header_at(std::uint32_t offset) const {
  const auto after = std::upper_bound(
      headers_.begin(), headers_.end(), offset,
      [](std::uint32_t wanted, const Span& header) { return wanted < header.begin; });
  return after == headers_.begin() ? nullptr : &*std::prev(after);
}

}  // namespace pveplan::schema
