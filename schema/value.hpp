#pragma once

#include "schema/address.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pveplan::schema {

class Value;

/// Where a value stands inside a resource: attribute names, map keys and list indices as text,
/// `disk.data.size`, `tags[0]` being {"tags", "0"}.
class Path {
 public:
  Path() = default;
  explicit Path(std::vector<std::string> steps) : steps_(std::move(steps)) {}
  /// Splits at dots: "disk.data.size".
  static Path parse(std::string_view text);

  const std::vector<std::string>& steps() const { return steps_; }
  bool empty() const { return steps_.empty(); }
  Path child(std::string step) const;
  std::string text() const;  ///< joined with dots

  friend auto operator<=>(const Path&, const Path&) = default;

 private:
  std::vector<std::string> steps_;
};

/// A decimal number kept as its exact text, so that nothing is rounded on the way.
struct Decimal {
  std::string text;
  friend bool operator==(const Decimal&, const Decimal&) = default;
};

/// `${vm.db.ip}`, or a text around such references, that gets its value when its targets are known.
struct Reference {
  struct Part {
    std::string literal;  ///< text in front of the target
    std::optional<ResourceAddress> target;
    bool all_instances = false;  ///< `${vm.db[*].ip}`: a list over the keys of the group `target`
    Path attribute;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts;

  /// Exactly one target and no text around it: the value keeps its type.
  bool is_whole() const { return parts.size() == 1 && parts[0].literal.empty() && parts[0].target; }
  std::string text() const;  ///< as it is written in a topology
  friend bool operator==(const Reference&, const Reference&) = default;
};

/// Any value of a topology, of the live world or of the state. Immutable and cheap to copy: lists
/// and fields are shared. *Unknown* means "will be known after apply" and is no string.
class Value {
 public:
  enum class Kind {
    null,
    unknown,
    boolean,
    integer,
    decimal,
    string,
    list,
    map,
    object,
    reference
  };
  using List = std::vector<Value>;
  using Field = std::pair<std::string, Value>;
  using Fields = std::vector<Field>;  ///< sorted by name, each name once

  Value() = default;
  static Value unknown();
  static Value boolean(bool value);
  static Value integer(std::int64_t value);
  static Value decimal(std::string exact_text);
  static Value string(std::string text);
  static Value list(List items);
  /// Keys chosen by the user. Sorts; of equal keys the last one stays.
  static Value map(Fields fields);
  /// Attributes of a schema. Sorts; of equal names the last one stays.
  static Value object(Fields fields);
  static Value reference(Reference reference);

  Kind kind() const;
  bool is_null() const { return kind() == Kind::null; }
  bool is_unknown() const { return kind() == Kind::unknown; }
  bool is_string() const { return kind() == Kind::string; }
  bool has_fields() const { return kind() == Kind::map || kind() == Kind::object; }

  // Asking for another kind than the value has is a bug and throws std::logic_error.
  bool as_boolean() const;
  std::int64_t as_integer() const;
  const std::string& as_decimal() const;
  const std::string& as_string() const;
  const List& as_list() const;
  const Fields& as_fields() const;
  const Reference& as_reference() const;

  /// The field of that name, or nullptr: also for values that have no fields.
  const Value* find(std::string_view name) const;
  /// Walks fields and list indices; nullptr where the way ends.
  const Value* find(const Path& path) const;
  /// A copy in which one field is set, or removed when `value` is null. The way is made as objects.
  Value with(const Path& path, Value value) const;

  /// Secrets carry their mark through every copy; views and codecs look at it.
  bool sensitive() const { return sensitive_; }
  Value as_sensitive() const;

  /// Whether an unknown, or a reference, stands anywhere inside.
  bool contains_unknown() const;
  bool contains_reference() const;

  /// Structural; the sensitive mark does not take part, and a map equals an object with the same
  /// fields (JSON does not tell them apart).
  friend bool operator==(const Value& a, const Value& b) {
    if (a.data_.index() == b.data_.index()) return a.data_ == b.data_;
    return a.has_fields() && b.has_fields() && a.as_fields() == b.as_fields();
  }

 private:
  struct Unknown {
    friend bool operator==(const Unknown&, const Unknown&) = default;
  };
  /// Shared immutable contents that compare by what they hold.
  template <typename T, Kind kKind>
  struct Shared {
    std::shared_ptr<const T> contents;
    friend bool operator==(const Shared& a, const Shared& b) {
      return a.contents == b.contents || *a.contents == *b.contents;
    }
  };
  using Data = std::variant<std::monostate, Unknown, bool, std::int64_t, Decimal, std::string,
                            Shared<List, Kind::list>, Shared<Fields, Kind::map>,
                            Shared<Fields, Kind::object>, Shared<Reference, Kind::reference>>;
  explicit Value(Data data) : data_(std::move(data)) {}

  Data data_;
  bool sensitive_ = false;
};

/// The word for a kind in messages: "a string", "an integer" …
std::string_view kind_name(Value::Kind kind);

}  // namespace pveplan::schema
