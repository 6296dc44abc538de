#include "schema/toml_tree.hpp"

#include "schema/toml_library.hpp"

#include <algorithm>
#include <sstream>

namespace pveplan::schema {
namespace {

/// Turns the library's lines and columns (which count code points) into byte offsets.
class OffsetTable {
 public:
  explicit OffsetTable(std::string_view text)
      : text_(text), bom_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {
    line_starts_.push_back(bom_);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
      ascii_ = ascii_ && static_cast<unsigned char>(text[i]) < 0x80;
    }
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

class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::uint32_t file)
      : text_(text), file_(file), offsets_(text) {}

  NodePtr build(const toml::node& node) {
    auto result = std::make_shared<Node>();
    result->span = region(node.source());
    if (const auto* table = node.as_table()) {
      if (!table->is_inline()) result->span = header_or_key(result->span);
      result->data = build_table(*table);
    } else if (const auto* array = node.as_array()) {
      result->data = build_array(*array);
    } else {
      build_scalar(node, *result);
    }
    return result;
  }

  std::uint32_t offset(toml::source_position position) { return offsets_.offset(position); }

 private:
  Span region(const toml::source_region& region) {
    const auto begin = offsets_.offset(region.begin);
    return {file_, begin, std::max(begin, offsets_.offset(region.end))};
  }

  /// The end of a table's region differs between versions of the library, its begin does not.
  Span header_or_key(Span span) const {
    if (span.begin >= text_.size()) return span;
    if (text_[span.begin] != '[') return span;
    const auto line_end = std::min(text_.find('\n', span.begin), text_.size());
    const auto closing = text_.substr(0, line_end).find(']', span.begin);
    if (closing == std::string_view::npos) return span;
    span.end = static_cast<std::uint32_t>(closing + 1);
    if (span.end < line_end && text_[span.end] == ']') ++span.end;
    return span;
  }

  Node::Table build_table(const toml::table& table) {
    Node::Table result;
    result.inline_table = table.is_inline();
    result.entries.reserve(table.size());
    for (const auto& [key, value] : table) {
      result.entries.push_back({std::string(key.str()), region(key.source()), build(value)});
    }
    return result;
  }

  Node::Array build_array(const toml::array& array) {
    Node::Array result;
    result.items.reserve(array.size());
    for (const auto& item : array) result.items.push_back(build(item));
    return result;
  }

  std::string written(Span span) const {
    return std::string(text_.substr(span.begin, span.end - span.begin));
  }

  void build_scalar(const toml::node& node, Node& result) {
    if (const auto* text = node.as_string()) {
      result.data = text->get();
    } else if (const auto* integer = node.as_integer()) {
      result.data = integer->get();
    } else if (const auto* truth = node.as_boolean()) {
      result.data = truth->get();
    } else if (node.is_floating_point()) {
      result.data = Decimal{written(result.span)};
    } else {
      result.data = Node::Date{written(result.span)};
    }
  }

  std::string_view text_;
  std::uint32_t file_;
  OffsetTable offsets_;
};

}  // namespace

std::expected<NodePtr, TomlError> parse_toml(std::string_view text, std::uint32_t file) {
  TreeBuilder builder(text, file);
  try {
    const toml::table root = toml::parse(text);
    return builder.build(root);
  } catch (const toml::parse_error& failure) {
    return std::unexpected(
        TomlError{builder.offset(failure.source().begin), std::string(failure.description())});
  }
}

}  // namespace pveplan::schema
