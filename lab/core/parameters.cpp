#include "lab/core/parameters.hpp"

#include "lab/core/text.hpp"

namespace pveplan::lab {

using schema::Value;

std::string scalar_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean:
      return value.as_boolean() ? "1" : "0";
    case Value::Kind::integer:
      return std::to_string(value.as_integer());
    case Value::Kind::decimal:
      return value.as_decimal();
    case Value::Kind::string:
      return value.as_string();
    case Value::Kind::null:
    case Value::Kind::unknown:
    case Value::Kind::list:
    case Value::Kind::map:
    case Value::Kind::object:
    case Value::Kind::reference:
      return {};
  }
  return {};
}

const Value* Parameters::find(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() || found->second.is_null() ? nullptr : &found->second;
}

std::string Parameters::text(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? std::string{} : scalar_text(*value);
}

std::optional<std::string> Parameters::maybe(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  return scalar_text(*value);
}

std::int64_t Parameters::integer(std::string_view name, std::int64_t otherwise) const {
  const Value* value = find(name);
  return value == nullptr ? otherwise : to_integer(scalar_text(*value)).value_or(otherwise);
}

bool Parameters::flag(std::string_view name, bool otherwise) const {
  const Value* value = find(name);
  return value == nullptr ? otherwise : scalar_text(*value) == "1";
}

std::vector<std::string> Parameters::list(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return {};
  if (value->kind() != Value::Kind::list) return split_list(scalar_text(*value));
  std::vector<std::string> items;
  for (const Value& item : value->as_list()) items.push_back(scalar_text(item));
  return items;
}

}  // namespace pveplan::lab
