#pragma once

#include "schema/value.hpp"

#include <algorithm>

namespace pveplan::schema {

/// Whether the value itself, or any value inside of it, is a wanted one. References are not
/// followed.
template <typename Predicate>
bool any_inside(const Value& value, const Predicate& wanted) {
  if (wanted(value)) return true;
  if (value.kind() == Value::Kind::list) {
    const auto& items = value.as_list();
    return std::any_of(items.begin(), items.end(),
                       [&](const Value& item) { return any_inside(item, wanted); });
  }
  if (value.has_fields()) {
    const auto& fields = value.as_fields();
    return std::any_of(fields.begin(), fields.end(),
                       [&](const Value::Field& field) { return any_inside(field.second, wanted); });
  }
  return false;
}

/// Visits the value itself and every value inside of it, the outer ones first.
template <typename Visit>
void for_each_inside(const Value& value, const Visit& visit) {
  any_inside(value, [&visit](const Value& each) {
    visit(each);
    return false;
  });
}

}  // namespace pveplan::schema
