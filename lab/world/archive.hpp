#pragma once

#include "lab/core/time.hpp"
#include "schema/value.hpp"

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Typed parts of the world to and from `schema::Value`, so that a world can be kept as JSON. A
/// part lists its fields once, in a static template `describe(self, archive)` that calls
/// `archive("name", self.name)` for each; the same list is written and read. Enumerations are kept
/// as their names, through `enum_names(Enum)`.
namespace pveplan::lab {

template <typename T>
schema::Value to_value(const T& item);
/// False when the value has another shape; fields that are missing keep their defaults.
template <typename T>
bool from_value(const schema::Value& value, T& item);

namespace detail {

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsSet = false;
template <typename T>
inline constexpr bool kIsSet<std::set<T>> = true;
template <typename T>
inline constexpr bool kIsMap = false;
template <typename K, typename T>
inline constexpr bool kIsMap<std::map<K, T>> = true;

inline std::string key_text(const std::string& key) { return key; }
inline std::string key_text(int key) { return std::to_string(key); }
inline void read_key(const std::string& text, std::string& key) { key = text; }
inline void read_key(const std::string& text, int& key) { key = std::stoi(text); }

template <typename T>
bool is_empty(const T& item) {
  if constexpr (kIsOptional<T>) {
    return !item.has_value();
  } else if constexpr (requires { item.empty(); }) {
    return item.empty();
  } else if constexpr (std::same_as<T, schema::Value>) {
    return item.is_null();
  } else {
    return false;
  }
}

/// Collects fields; empty texts, lists and optionals are left out.
struct FieldWriter {
  schema::Value::Fields fields;
  template <typename T>
  void operator()(std::string_view name, const T& item) {
    if (!is_empty(item)) fields.emplace_back(std::string(name), to_value(item));
  }
};

struct FieldReader {
  const schema::Value& value;
  bool good = true;
  template <typename T>
  void operator()(std::string_view name, T& item) {
    if (const schema::Value* field = value.find(name)) good = from_value(*field, item) && good;
  }
};

template <typename T>
schema::Value list_value(const T& items) {
  schema::Value::List list;
  for (const auto& item : items) list.push_back(to_value(item));
  return schema::Value::list(std::move(list));
}

template <typename T>
schema::Value map_value(const T& items) {
  schema::Value::Fields fields;
  for (const auto& [key, item] : items) fields.emplace_back(key_text(key), to_value(item));
  return schema::Value::map(std::move(fields));
}

template <typename T>
bool read_list(const schema::Value& value, T& items) {
  if (value.kind() != schema::Value::Kind::list) return false;
  bool good = true;
  for (const schema::Value& element : value.as_list()) {
    typename T::value_type item{};
    good = from_value(element, item) && good;
    items.insert(items.end(), std::move(item));
  }
  return good;
}

template <typename T>
bool read_map(const schema::Value& value, T& items) {
  if (!value.has_fields()) return false;
  bool good = true;
  for (const auto& [text, element] : value.as_fields()) {
    typename T::key_type key{};
    read_key(text, key);
    good = from_value(element, items[key]) && good;
  }
  return good;
}

template <typename T>
bool read_enum(const schema::Value& value, T& item) {
  if (!value.is_string()) return false;
  for (const auto& [candidate, name] : enum_names(T{})) {
    if (name != value.as_string()) continue;
    item = candidate;
    return true;
  }
  return false;
}

template <typename T>
schema::Value enum_value(T item) {
  for (const auto& [candidate, name] : enum_names(T{})) {
    if (candidate == item) return schema::Value::string(std::string(name));
  }
  return {};
}

template <typename T>
schema::Value described_value(const T& item) {
  FieldWriter writer;
  T::describe(item, writer);
  return schema::Value::map(std::move(writer.fields));
}

}  // namespace detail

template <typename T>
schema::Value to_value(const T& item) {
  using schema::Value;
  if constexpr (std::same_as<T, Value>) {
    return item;
  } else if constexpr (std::same_as<T, bool>) {
    return Value::boolean(item);
  } else if constexpr (std::integral<T>) {
    return Value::integer(static_cast<std::int64_t>(item));
  } else if constexpr (std::same_as<T, std::string>) {
    return Value::string(item);
  } else if constexpr (std::same_as<T, Time>) {
    return Value::integer(item.time_since_epoch().count());
  } else if constexpr (std::same_as<T, Duration>) {
    return Value::integer(item.count());
  } else if constexpr (std::is_enum_v<T>) {
    return detail::enum_value(item);
  } else if constexpr (detail::kIsOptional<T>) {
    return item ? to_value(*item) : Value{};
  } else if constexpr (detail::kIsVector<T> || detail::kIsSet<T>) {
    return detail::list_value(item);
  } else if constexpr (detail::kIsMap<T>) {
    return detail::map_value(item);
  } else {
    return detail::described_value(item);
  }
}

template <typename T>
bool from_value(const schema::Value& value, T& item) {
  using schema::Value;
  if constexpr (std::same_as<T, Value>) {
    item = value;
    return true;
  } else if constexpr (std::same_as<T, bool>) {
    if (value.kind() != Value::Kind::boolean) return false;
    item = value.as_boolean();
    return true;
  } else if constexpr (std::integral<T>) {
    if (value.kind() != Value::Kind::integer) return false;
    item = static_cast<T>(value.as_integer());
    return true;
  } else if constexpr (std::same_as<T, std::string>) {
    if (!value.is_string()) return false;
    item = value.as_string();
    return true;
  } else if constexpr (std::same_as<T, Time>) {
    if (value.kind() != Value::Kind::integer) return false;
    item = Time{Duration{value.as_integer()}};
    return true;
  } else if constexpr (std::same_as<T, Duration>) {
    if (value.kind() != Value::Kind::integer) return false;
    item = Duration{value.as_integer()};
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    return detail::read_enum(value, item);
  } else if constexpr (detail::kIsOptional<T>) {
    return from_value(value, item.emplace());
  } else if constexpr (detail::kIsVector<T> || detail::kIsSet<T>) {
    return detail::read_list(value, item);
  } else if constexpr (detail::kIsMap<T>) {
    return detail::read_map(value, item);
  } else {
    if (!value.has_fields()) return false;
    detail::FieldReader reader{value};
    T::describe(item, reader);
    return reader.good;
  }
}

}  // namespace pveplan::lab
