#include "state/members.hpp"

#include <algorithm>

namespace pveplan::state {

using schema::Value;

Members::Members(const Value& object) : object_(object) {
  if (!object.has_fields()) reject("object");
}

const Value* Members::take(std::string_view name) {
  taken_.push_back(name);
  return object_.find(name);
}

void Members::reject(std::string_view name) {
  if (wrong_.empty()) wrong_ = name;
}

Value Members::value(std::string_view name) {
  const Value* found = take(name);
  return found != nullptr ? *found : Value();
}

std::string Members::text(std::string_view name) {
  const Value* found = take(name);
  if (found == nullptr) return {};
  if (found->is_string()) return found->as_string();
  reject(name);
  return {};
}

std::uint64_t Members::number(std::string_view name) {
  const Value* found = take(name);
  if (found == nullptr) return 0;
  if (found->kind() == Value::Kind::integer && found->as_integer() >= 0) {
    return static_cast<std::uint64_t>(found->as_integer());
  }
  reject(name);
  return 0;
}

bool Members::flag(std::string_view name) {
  const Value* found = take(name);
  if (found == nullptr) return false;
  if (found->kind() == Value::Kind::boolean) return found->as_boolean();
  reject(name);
  return false;
}

Value::List Members::list(std::string_view name) {
  const Value* found = take(name);
  if (found == nullptr) return {};
  if (found->kind() == Value::Kind::list) return found->as_list();
  reject(name);
  return {};
}

std::vector<std::int64_t> Members::integers(std::string_view name) {
  std::vector<std::int64_t> result;
  for (const auto& item : list(name)) {
    if (item.kind() == Value::Kind::integer) {
      result.push_back(item.as_integer());
    } else {
      reject(name);
    }
  }
  return result;
}

std::vector<std::string> Members::texts(std::string_view name) {
  std::vector<std::string> result;
  for (const auto& item : list(name)) {
    if (item.is_string()) {
      result.push_back(item.as_string());
    } else {
      reject(name);
    }
  }
  return result;
}

Value Members::rest() const {
  if (!object_.has_fields()) return {};
  Value::Fields left;
  for (const auto& field : object_.as_fields()) {
    if (std::find(taken_.begin(), taken_.end(), field.first) == taken_.end()) left.push_back(field);
  }
  return left.empty() ? Value() : Value::map(std::move(left));
}

void MemberWriter::put(const char* name, const Value& value) {
  if (!value.is_null()) fields_.emplace_back(name, value);
}

void MemberWriter::put(const char* name, const std::string& text) {
  if (!text.empty()) fields_.emplace_back(name, Value::string(text));
}

void MemberWriter::put(const char* name, std::uint64_t number) {
  fields_.emplace_back(name, Value::integer(static_cast<std::int64_t>(number)));
}

void MemberWriter::put(const char* name, Value::List items) {
  if (!items.empty()) fields_.emplace_back(name, Value::list(std::move(items)));
}

void MemberWriter::put_missing(const Value& unknown) {
  if (!unknown.has_fields()) return;
  const auto known = fields_.size();
  for (const auto& field : unknown.as_fields()) {
    const auto end = fields_.begin() + static_cast<std::ptrdiff_t>(known);
    const bool present = std::any_of(fields_.begin(), end, [&field](const Value::Field& each) {
      return each.first == field.first;
    });
    if (!present) fields_.push_back(field);
  }
}

Value MemberWriter::take() { return Value::map(std::move(fields_)); }

Value::List text_list(const std::vector<std::string>& texts) {
  Value::List result;
  result.reserve(texts.size());
  for (const auto& text : texts) result.push_back(Value::string(text));
  return result;
}

}  // namespace pveplan::state
