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

/// One entry of a table in written order.
struct Entry {
  std::string key;
  Span key_span;
  NodePtr value;
};

/// A located TOML value. Shared and immutable: merged trees share their leaves with the files that
/// they came from, so every leaf knows where it was written.
struct Node {
  struct Table {
    std::vector<Entry> entries;  ///< sorted by key
    bool inline_table = false;
  };
  struct Array {
    std::vector<NodePtr> items;
  };
  /// Dates and times have no use in a topology; they are kept as text to be refused with a message.
  struct Date {
    std::string text;
  };
  std::variant<bool, std::int64_t, double, std::string, Date, Table, Array> data;
  Span span;

  const Table* table() const { return std::get_if<Table>(&data); }
  const Array* array() const { return std::get_if<Array>(&data); }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  /// The entry of that key; nullptr when there is none or when this is no table.
  const Entry* find(std::string_view key) const;
};

/// Parses one TOML file that is registered in `sources` into a located tree. A syntax error gives
/// one diagnostic with a hint for what people really write, and a null tree.
NodePtr parse_document(const SourceMap& sources, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace pveplan::schema
