#pragma once

#include "schema/value.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The API's numbers are not stable: the same field is a number in one answer and quoted text in
/// the next, and flags are 0/1, "0"/"1", true/false or absent (FACTS 2.8). Every codec reads
/// through these.
namespace pveplan::pve {

/// The field of that name; nullptr for absent ones and for null.
inline const schema::Value* member(const schema::Value& value, std::string_view name) {
  const schema::Value* found = value.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

inline std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t result = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return result;
}

inline std::optional<std::int64_t> as_integer(const schema::Value* value) {
  using Kind = schema::Value::Kind;
  if (value == nullptr) return std::nullopt;
  if (value->kind() == Kind::integer) return value->as_integer();
  if (value->kind() == Kind::boolean) return value->as_boolean() ? 1 : 0;
  if (value->kind() == Kind::string) return parse_integer(value->as_string());
  return std::nullopt;
}

/// Any scalar as the text that a form would carry; empty for what is no scalar.
inline std::string as_text(const schema::Value* value) {
  using Kind = schema::Value::Kind;
  if (value == nullptr) return {};
  if (value->kind() == Kind::string) return value->as_string();
  if (value->kind() == Kind::integer) return std::to_string(value->as_integer());
  if (value->kind() == Kind::decimal) return value->as_decimal();
  if (value->kind() == Kind::boolean) return value->as_boolean() ? "1" : "0";
  return {};
}

/// The words that property strings and the API use for flags.
inline std::optional<bool> parse_flag(std::string_view text) {
  if (text == "1" || text == "on" || text == "yes" || text == "true") return true;
  if (text == "0" || text == "off" || text == "no" || text == "false") return false;
  return std::nullopt;
}

inline bool as_flag(const schema::Value* value, bool otherwise = false) {
  if (value == nullptr) return otherwise;
  return parse_flag(as_text(value)).value_or(otherwise);
}

inline std::int64_t integer_of(const schema::Value& value, std::string_view name,
                               std::int64_t otherwise = 0) {
  return as_integer(member(value, name)).value_or(otherwise);
}
inline std::string text_of(const schema::Value& value, std::string_view name) {
  return as_text(member(value, name));
}
inline bool flag_of(const schema::Value& value, std::string_view name) {
  return as_flag(member(value, name));
}

}  // namespace pveplan::pve
