#include "state/stored_form.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

namespace pveplan::state {
namespace {

using schema::Value;

std::string_view skip_digits(std::string_view text) {
  const auto end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? std::string_view() : text.substr(end);
}

/// JSON's grammar: no plus sign, no leading zero, digits on both sides of the dot.
bool has_number_form(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || skip_digits(text) == text) return false;
  if (text[0] == '0' && text.size() > 1 && text[1] >= '0' && text[1] <= '9') return false;
  text = skip_digits(text);
  if (text.starts_with('.')) {
    const auto fraction = text.substr(1);
    text = skip_digits(fraction);
    if (text == fraction) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    const auto exponent = text;
    text = skip_digits(exponent);
    return text.empty() && !exponent.empty();
  }
  return text.empty();
}

/// Readers of JSON refuse numbers beyond the range of a double.
bool is_json_number(std::string_view text) {
  if (!has_number_form(text)) return false;
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && std::isfinite(number);
}

Value stored_list(const Value::List& items) {
  Value::List result;
  result.reserve(items.size());
  for (const auto& item : items) result.push_back(stored_form(item));
  return Value::list(std::move(result));
}

Value stored_fields(const Value::Fields& fields) {
  Value::Fields result;
  result.reserve(fields.size());
  for (const auto& [name, value] : fields) result.emplace_back(name, stored_form(value));
  return Value::map(std::move(result));
}

}  // namespace

Value stored_form(const Value& value) {
  if (value.sensitive()) return Value::map({{"redacted", Value::boolean(true)}});
  switch (value.kind()) {
    case Value::Kind::unknown:
    case Value::Kind::reference:
      return {};
    case Value::Kind::decimal:
      return is_json_number(value.as_decimal()) ? value : Value::string(value.as_decimal());
    case Value::Kind::list:
      return stored_list(value.as_list());
    case Value::Kind::map:
    case Value::Kind::object:
      return stored_fields(value.as_fields());
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::integer:
    case Value::Kind::string:
      break;
  }
  return value;
}

}  // namespace pveplan::state
