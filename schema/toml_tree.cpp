#include "schema/toml_tree.hpp"

#include "schema/text_checks.hpp"
#include "schema/toml_library.hpp"
#include "schema/toml_outline.hpp"

#include <algorithm>

namespace pveplan::schema {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

/// Turns the library's lines and columns (which count code points) into byte offsets.
class OffsetTable {
 public:
  explicit OffsetTable(std::string_view text)
      : text_(text), bom_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {
    line_starts_.push_back(bom_);
    for (auto at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
      line_starts_.push_back(static_cast<std::uint32_t>(at + 1));
    }
    const auto rest = text.substr(ascii_run(text));
    ascii_ = std::all_of(rest.begin(), rest.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  }

  std::uint32_t offset(toml::source_position position) {
    const auto size = static_cast<std::uint32_t>(text_.size());
    if (position.line == 0 || position.line > line_starts_.size()) return size;
    const auto start = line_starts_[position.line - 1];
    const auto characters = position.column == 0 ? 0 : position.column - 1;
    if (ascii_) return std::min(start + characters, size);
    select_line(position.line);
    return start + characters_[std::min<std::size_t>(characters, characters_.size() - 1)];
  }

 private:
  /// Remembers where each character of one line begins: positions of a long line come together.
  void select_line(std::uint32_t line) {
    if (line == selected_) return;
    selected_ = line;
    characters_.clear();
    const auto start = line_starts_[line - 1];
    const auto end = line < line_starts_.size() ? line_starts_[line] - 1
                                                : static_cast<std::uint32_t>(text_.size());
    for (auto i = start; i < end; ++i) {
      const bool continues = (static_cast<unsigned char>(text_[i]) & 0xC0) == 0x80;
      if (!continues) characters_.push_back(i - start);
    }
    characters_.push_back(end - start);
  }

  std::string_view text_;
  std::uint32_t bom_;
  bool ascii_ = true;
  std::vector<std::uint32_t> line_starts_;
  std::vector<std::uint32_t> characters_;
  std::uint32_t selected_ = 0;
};

/// Builds the located tree of a text, or of a piece of one that begins `base` bytes into the file.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::uint32_t file, std::uint32_t base)
      : text_(text), file_(file), base_(base), offsets_(text) {}

  /// Takes the texts out of the library's tree: it is thrown away right after. `depth` counts the
  /// names from the root to the node.
  NodePtr build(toml::node& node, std::size_t depth = 0) {
    auto result = std::make_shared<Node>();
    result->span = region(node.source());
    switch (node.type()) {
      case toml::node_type::table:
        result->data = build_table(*node.as_table(), result->span, depth);
        break;
      case toml::node_type::array:
        result->data = build_array(*node.as_array(), depth);
        break;
      case toml::node_type::string:
        result->data = std::move(node.as_string()->get());
        break;
      case toml::node_type::integer:
        result->data = node.as_integer()->get();
        break;
      case toml::node_type::boolean:
        result->data = node.as_boolean()->get();
        break;
      case toml::node_type::floating_point:
        result->data = Decimal{std::string(written(result->span))};
        break;
      case toml::node_type::none:
      case toml::node_type::date:
      case toml::node_type::time:
      case toml::node_type::date_time:
        result->data = Node::Date{std::string(written(result->span))};
        break;
    }
    return result;
  }

  std::uint32_t offset(toml::source_position position) { return base_ + offsets_.offset(position); }

 private:
  Span region(const toml::source_region& region) {
    const auto begin = offset(region.begin);
    return {file_, begin, std::max(begin, offset(region.end))};
  }

  /// The end of a table's region differs between versions of the library, its begin does not.
  Span header_at(Span span) const {
    const auto begin = span.begin - base_;
    const auto line_end = std::min(text_.find('\n', begin), text_.size());
    const auto closing = text_.substr(0, line_end).find(']', begin);
    if (closing == std::string_view::npos) return span;
    span.end = span.begin + static_cast<std::uint32_t>(closing + 1 - begin);
    if (closing + 1 < line_end && text_[closing + 1] == ']') ++span.end;
    return span;
  }

  Node::Table build_table(toml::table& table, Span& span, std::size_t depth) {
    using Made = Node::Table::Made;
    Node::Table result;
    result.made = Made::in_line;
    if (!table.is_inline() && depth > 0) {
      const bool header = written(span).starts_with('[');
      if (header) span = header_at(span);
      const bool own = header && key_names(written(span)).size() == depth;
      result.made = own ? Made::by_header : header ? Made::implied : Made::by_dotted_key;
    } else if (depth == 0) {
      result.made = Made::implied;
      span.end = span.begin;
    }
    result.entries.reserve(table.size());
    for (auto&& [key, value] : table) {
      result.entries.push_back(
          {std::string(key.str()), region(key.source()), build(value, depth + 1)});
    }
    return result;
  }

  Node::Array build_array(toml::array& array, std::size_t depth) {
    Node::Array result;
    result.items.reserve(array.size());
    for (auto& item : array) result.items.push_back(build(item, depth));
    return result;
  }

  std::string_view written(Span span) const {
    return text_.substr(std::min<std::size_t>(span.begin - base_, text_.size()),
                        span.end - span.begin);
  }

  std::string_view text_;
  std::uint32_t file_;
  std::uint32_t base_;
  OffsetTable offsets_;
};

std::expected<NodePtr, TomlError> parse_piece(std::string_view text, std::uint32_t file,
                                              std::size_t base) {
  TreeBuilder builder(text, file, static_cast<std::uint32_t>(base));
  try {
    toml::table root = toml::parse(text);
    return builder.build(root);
  } catch (const toml::parse_error& failure) {
    return std::unexpected(
        TomlError{builder.offset(failure.source().begin), std::string(failure.description())});
  }
}

/// One table out of the tables that pieces of a file hold at the same place; nullptr where TOML's
/// rules on adding to tables would have to be asked.
NodePtr join_tables(const std::vector<NodePtr>& tables) {
  using Made = Node::Table::Made;
  if (tables.size() == 1) return tables.front();
  std::vector<Entry> entries;
  Span span = tables.front()->span;
  bool has_header = false;
  for (const auto& node : tables) {
    const auto* table = node->table();
    if (table == nullptr || table->made == Made::in_line || table->made == Made::by_dotted_key) {
      return nullptr;
    }
    if (table->made == Made::by_header) {
      if (has_header) return nullptr;
      has_header = true;
      span = node->span;
    }
    entries.insert(entries.end(), table->entries.begin(), table->entries.end());
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.key < b.key; });
  auto result = std::make_shared<Node>();
  result->span = span;
  Node::Table joined;
  joined.made = has_header ? Made::by_header : Made::implied;
  for (std::size_t i = 0; i < entries.size();) {
    auto end = i;
    std::vector<NodePtr> same;
    while (end < entries.size() && entries[end].key == entries[i].key) {
      same.push_back(entries[end++].value);
    }
    auto value = join_tables(same);
    if (!value) return nullptr;
    joined.entries.push_back({std::move(entries[i].key), entries[i].key_span, std::move(value)});
    i = end;
  }
  result->data = std::move(joined);
  return result;
}

/// Piece by piece, so that little of the library's big tree is held at once, and since its time
/// grows with the square of the number of dotted keys in a text. nullptr when a piece, or their
/// union, needs a closer look: the whole text then tells what is wrong.
NodePtr parse_in_pieces(std::string_view text, std::uint32_t file) {
  std::vector<NodePtr> trees;
  std::size_t begin = 0;
  auto headers = outline_of(text).headers;
  headers.push_back(text.size());
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const bool last = i + 1 == headers.size();
    if (!last && headers[i + 1] - begin < kPieceBytes) continue;
    auto tree = parse_piece(text.substr(begin, headers[i] - begin), file, begin);
    if (!tree) return nullptr;
    trees.push_back(std::move(*tree));
    begin = headers[i];
  }
  return join_tables(trees);
}

}  // namespace

std::expected<NodePtr, TomlError> parse_toml(std::string_view text, std::uint32_t file) {
  if (text.size() > kPieceBytes) {
    if (auto tree = parse_in_pieces(text, file)) return tree;
  }
  return parse_piece(text, file, 0);
}

}  // namespace pveplan::schema
