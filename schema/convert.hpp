#pragma once

#include "schema/decode_context.hpp"
#include "schema/interpolation.hpp"
#include "schema/topology.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pveplan::schema {

/// Where a node stands: what it is called in messages and what may stand in its `${…}`. Lives on
/// the stack; sites of inner nodes point to the outer ones.
struct Site {
  const AttributeSchema* attribute = nullptr;  ///< nullptr inside of `any`
  const Site* parent = nullptr;
  std::string_view name;   ///< the last step of the path; empty for list elements
  Span span;               ///< shown in messages: the place of use, not that of a variable's value
  bool literal = false;    ///< inside of a variable's value, where `${` has no meaning
  bool from_text = false;  ///< from the environment or a key: numbers come as text
  bool sensitive = false;  ///< made from a sensitive variable: never shown
  std::string_view variable_name;  ///< the variable that the value came from
  const Variable* variable = nullptr;

  std::string path() const;  ///< "disk.data.size"
  /// The file that holds the value: relative file names start there.
  std::uint32_t file() const;
  /// The site of a node inside of this one.
  Site inner(const Node& node, std::string_view inner_name,
             const AttributeSchema* inner_attribute) const;
};

/// The ways to name a secret: `{ env = … }`, `{ file = … }`, `{ command = [ … ] }`.
const ObjectSchema& secret_schema();

/// Where the value of a table's entry stands; the table where it has no such entry.
Span span_of(const Node& table, std::string_view key);

/// Turns located trees into Values by their types. One converter a resource instance, or root
/// block: it collects what the instance depends on. Everything that is wrong goes to the context's
/// diagnostics once; the Value is null then, which later stages take for "not stated".
class Converter {
 public:
  enum class References { allowed, refused };
  Converter(DecodeContext& context, References references)
      : context_(context), references_(references) {}

  /// The instance that is decoded: its address for messages and self references, and its key.
  void set_instance(const ResourceAddress* address, bool key_unknown);
  /// The word for the owner in messages: "A vm", "[pveplan]".
  void set_owner(std::string owner) { owner_ = std::move(owner); }
  /// The block that the object belongs to, "vm.db", with its schema and its header: to tell when a
  /// sub-table swallowed an attribute of the block.
  void set_block(std::string block, const ResourceSchema* schema, Span header);

  /// What is looked at is a part of something: nothing is missing in it.
  void set_partial() { partial_ = true; }
  /// Whether a key was found that nothing is called: what it says is missing elsewhere.
  bool met_unknown_keys() const { return met_unknown_keys_; }

  Value convert(const Node& node, const Type& type, const Site& site);
  /// The entries of a table by an object schema, but for the key `meta`. What is missing is
  /// reported at the site.
  Value convert_object(const Node& table, const ObjectSchema& schema, const Site& site,
                       std::string_view meta = {});

  /// What `after = ["vm.db"]` depends on.
  std::optional<Dependency> dependency_on(const std::string& address, const Site& site);

  std::vector<Dependency> take_dependencies() { return std::move(dependencies_); }
  DecodeContext& context() { return context_; }

  void report(std::string summary, std::string detail, const Site& site);

 private:
  // convert.cpp
  Value convert_list(const Node& node, const Type& type, const Site& site);
  Value convert_map(const Node& node, const Type& type, const Site& site);
  Value convert_any(const Node& node, const Site& site);
  Value convert_one_of(const Node& node, const Type& type, const Site& site);
  Value wrong_type(const Node& node, const Type& type, const Site& site);
  // convert_scalar.cpp
  Value convert_scalar(const Node& node, const Type& type, const Site& site);
  Value convert_number(const Node& node, const Type& type, const Site& site);
  Value refuse_bare_size(const std::string& number, const Site& site);
  Value convert_quantity(const Node& node, const Type& type, const Site& site);
  Value convert_secret(const Node& node, const Site& site);
  void refuse_sensitive_name(const Site& site);
  Value check_value(Value value, const Type& type, const Site& site);
  bool check_range(const Value& value, const Type& type, const Site& site);
  bool check_choice(const std::string& text, const Site& site);
  Value check_text(const std::string& text, const Site& site);
  // convert_files.cpp
  Value check_file(const std::string& written, const Site& site);
  Value check_keys(const std::string& written, const Site& site);
  // convert_object.cpp
  void convert_entry(const Node& table, const Entry& entry, const ObjectSchema& schema,
                     const Site& site, Value::Fields& fields);
  /// Whether a key that is stated here was probably meant to be one of these.
  bool is_misspelled(const Node& table, const ObjectSchema& schema,
                     const std::vector<std::string>& names) const;
  void unknown_attribute(const Node& table, const Entry& entry, const ObjectSchema& schema,
                         const Site& site);
  bool opened_by_header(const Node& table) const;
  void swallowed(const Node& table, const Entry& entry, const Site& site);
  Value convert_part_table(const Node& node, const Type& type, const Site& site);
  void convert_part(const Node& table, const Entry& entry, const ObjectSchema& schema,
                    const Site& site, Value::Fields& parts);
  /// -1 where there is no count, nothing where it is wrong.
  std::optional<std::int64_t> part_count(const Node& table, const Site& site);
  void check_constraint(const CrossConstraint& constraint, const Node& table,
                        const ObjectSchema& schema, const Site& site);
  void check_one_part(const CrossConstraint& constraint, const Node& table, const Site& site);
  void conflict(const CrossConstraint& constraint, const Entry& a, const Entry& b,
                const Site& site);
  // resolve_text.cpp
  Value resolve(const std::string& text, const Type& type, const Site& site);
  Value resolve_whole(const TextPiece& piece, const Type& type, const Site& site);
  Value resolve_mixed(const std::vector<TextPiece>& pieces, const Type& type, const Site& site);
  const Variable* find_variable(const TextPiece& piece, const Site& site);
  /// The text of a variable, of the environment or of the key; `unknown` is set where an earlier
  /// error already said why there is none.
  std::optional<std::string> piece_text(const TextPiece& piece, const Site& site, bool& unknown,
                                        bool& sensitive);
  // references.cpp
  bool check_reference(const TextPiece& piece, const Type* wanted, const Site& site);
  const Group* find_target(const TextPiece& piece, const Site& site);
  bool check_key(const TextPiece& piece, const Group& group, const Site& site);
  const Type* check_attribute(const TextPiece& piece, const ResourceSchema& schema,
                              const Site& site);
  Value check_live(const std::string& text, const ReferenceRule& rule, const Site& site);
  Value check_name(const std::string& text, const ReferenceRule& rule, const Site& site);
  void depend(ResourceAddress target, const Site& site, bool implied);

  DecodeContext& context_;
  References references_;
  const ResourceAddress* address_ = nullptr;
  bool key_unknown_ = false;
  bool partial_ = false;
  bool met_unknown_keys_ = false;
  std::set<std::string> swallowed_;  ///< attributes of the block that a sub-table holds
  std::string owner_ = "This block";
  std::string block_;
  const ResourceSchema* schema_ = nullptr;
  Span header_;
  std::vector<Dependency> dependencies_;
};

}  // namespace pveplan::schema
