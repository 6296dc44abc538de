#pragma once

#include "schema/diagnostic.hpp"
#include "schema/span.hpp"
#include "schema/value.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace pveplan::schema {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

/// One entry of a table.
struct Entry {
  std::string key;
  Span key_span;
  NodePtr value;
};

/// A located TOML value. Shared and immutable: merged trees share their leaves with the files that
/// they came from, so every leaf knows where it was written.
struct Node {
  struct Table {
    /// What made the table; decides what may still be added to it elsewhere in the file.
    enum class Made { by_header, implied, by_dotted_key, in_line };
    std::vector<Entry> entries;  ///< sorted by key
    Made made = Made::by_header;
  };
  struct Array {
    std::vector<NodePtr> items;
  };
  /// Dates and times have no use in a topology; they are kept as text to be refused with a message.
  struct Date {
    std::string text;
  };
  std::variant<bool, std::int64_t, Decimal, std::string, Date, Table, Array> data;
  /// The whole value; of a table with a header only the header, of one that dotted keys made the
  /// key that made it.
  Span span;

  const Table* table() const { return std::get_if<Table>(&data); }
  const Array* array() const { return std::get_if<Array>(&data); }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  /// The entry of that key; nullptr when there is none or when this is no table.
  const Entry* find(std::string_view key) const;
};

/// The word for what was written: "a string", "a table" …
std::string_view node_kind(const Node& node);

/// A table of the given entries, sorted here.
NodePtr make_table(std::vector<Entry> entries, Span span);

/// Files beyond this are refused: nobody writes them, and offsets are 32 bits wide.
inline constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;

/// Parses one TOML file that is registered in `sources` into a located tree. A syntax error gives
/// one diagnostic with a hint for what people really write, and a null tree.
NodePtr parse_document(const SourceMap& sources, std::uint32_t file, Diagnostics& diagnostics,
                       std::size_t max_bytes = kMaxFileBytes);

/// The headers of a tree in file order, to tell in which block a place lies.
class HeaderIndex {
 public:
  explicit HeaderIndex(const Node& root);
  /// The header in force at that offset; nullptr in front of the first one.
  const Span* header_at(std::uint32_t offset) const;

 private:
  std::vector<Span> headers_;
};

}  // namespace pveplan::schema
