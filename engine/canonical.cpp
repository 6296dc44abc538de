#include "engine/canonical.hpp"

#include "model/sha256.hpp"
#include "schema/json.hpp"

#include <algorithm>
#include <cctype>

namespace pveplan::engine {

using schema::AttributeSchema;
using schema::CanonicalForm;
using schema::Value;

namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string sort_key(const Value& value) {
  return value.contains_unknown() || value.contains_reference() ? std::string()
                                                                : schema::to_json(value);
}

Value sorted_unique(Value::List items) {
  std::sort(items.begin(), items.end(),
            [](const Value& a, const Value& b) { return sort_key(a) < sort_key(b); });
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return Value::list(std::move(items));
}

Value canonical_set(const Value& value, bool tags) {
  if (value.kind() != Value::Kind::list) return value;
  auto items = value.as_list();
  if (tags) {
    for (auto& item : items) {
      if (item.is_string()) item = Value::string(lower(item.as_string()));
    }
  }
  return sorted_unique(std::move(items));
}

}  // namespace

Value canonical(const AttributeSchema& attribute, const Value& value) {
  switch (attribute.canonical) {
    case CanonicalForm::set:
      return canonical_set(value, false);
    case CanonicalForm::tags:
      return canonical_set(value, true);
    case CanonicalForm::mac:
      return value.is_string() ? Value::string(upper(value.as_string())) : value;
    case CanonicalForm::trimmed_text:
      return value.is_string() ? Value::string(trimmed(value.as_string())) : value;
    case CanonicalForm::exact:
    case CanonicalForm::size_rounded_by_storage:  // sizes are compared with what the server reports
    case CanonicalForm::property_string:          // decoded to an object by the provider's codec
    case CanonicalForm::decoded_keys:
    case CanonicalForm::boot_order:
      return value;
  }
  return value;
}

namespace {

/// Of an empty list or text nothing reads back.
bool says_nothing(const Value& value) {
  return value.is_null() || (value.kind() == Value::Kind::list && value.as_list().empty()) ||
         (value.is_string() && value.as_string().empty());
}

/// LVM gives whole extents of 4 MiB, ZFS and RBD whole MiB. A config shows that once the server has
/// looked at the volume, which it does whenever an option of the disk is written (FACTS 7.5, 10.7).
bool is_rounded_up(const Value& wanted, const Value& held) {
  constexpr std::int64_t kMiB = 1 << 20;
  if (wanted.kind() != Value::Kind::integer || held.kind() != Value::Kind::integer) return false;
  const auto more = held.as_integer() - wanted.as_integer();
  const auto is_whole = [&](std::int64_t unit) {
    return more < unit && held.as_integer() % unit == 0;
  };
  return more > 0 && (is_whole(kMiB) || is_whole(4 * kMiB));
}

}  // namespace

bool canonically_equal(const AttributeSchema& attribute, const Value& wanted, const Value& held) {
  using Kind = schema::Type::Kind;
  // The server keeps neither an empty list nor an empty text.
  const auto kind = attribute.type.kind;
  const bool may_be_empty = kind == Kind::list || kind == Kind::set || kind == Kind::string;
  if (may_be_empty && says_nothing(wanted) && says_nothing(held)) return true;
  const bool rounds = attribute.canonical == CanonicalForm::size_rounded_by_storage;
  if (rounds && is_rounded_up(wanted, held)) return true;
  return wanted == held || canonical(attribute, wanted) == canonical(attribute, held);
}

namespace {

void add_lines(const schema::ObjectSchema& object, const Value& owned, const Value& live,
               const std::string& prefix, std::vector<std::string>& lines);

void add_line(const AttributeSchema& attribute, const Value& owned, const Value& live,
              const std::string& path, std::vector<std::string>& lines) {
  using Kind = schema::Type::Kind;
  if (attribute.type.kind == Kind::object && owned.has_fields()) {
    add_lines(*attribute.type.object, owned, live, path + ".", lines);
  } else if (attribute.type.kind == Kind::keyed_part && owned.has_fields()) {
    for (const auto& [name, part] : owned.as_fields()) {
      const Value* found = live.find(name);
      add_lines(*attribute.type.object, part, found != nullptr ? *found : Value(),
                path + "." + name + ".", lines);
    }
  } else {
    const auto value = canonical(attribute, live);
    lines.push_back(path + "=" + (value.contains_reference() ? "?" : schema::to_json(value)));
  }
}

void add_lines(const schema::ObjectSchema& object, const Value& owned, const Value& live,
               const std::string& prefix, std::vector<std::string>& lines) {
  if (!owned.has_fields()) return;
  for (const auto& [name, value] : owned.as_fields()) {
    const auto* attribute = object.find(name);
    if (attribute == nullptr || attribute->sensitive) continue;
    const Value* found = live.find(name);
    add_line(*attribute, value, found != nullptr ? *found : Value(), prefix + name, lines);
  }
}

}  // namespace

std::string fingerprint(const schema::ObjectSchema& schema, const Value& owned, const Value& live,
                        const Value& identity, const Value& covered_facts) {
  std::vector<std::string> lines;
  add_lines(schema, owned, live, "", lines);
  std::sort(lines.begin(), lines.end());
  std::string text =
      "identity=" + schema::to_json(identity) + "\nfacts=" + schema::to_json(covered_facts);
  for (const auto& line : lines) text += "\n" + line;
  return model::sha256_hex(text);
}

}  // namespace pveplan::engine
