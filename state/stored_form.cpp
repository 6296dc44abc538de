#include "state/stored_form.hpp"

#include "state/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace pveplan::state {
namespace {

using schema::Value;

constexpr int kDeepest = 100;

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

template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Value stored_decimal(const std::string& text) {
  if (!has_number_form(text)) return Value::string(text);
  if (const auto integer = parse_whole<std::int64_t>(text)) return Value::integer(*integer);
  const auto number = parse_whole<double>(text);  // readers refuse what is beyond its range
  return number && std::isfinite(*number) ? Value::decimal(text) : Value::string(text);
}

bool is_stored(const Value& value, int depth);

bool are_stored(const Value::List& items, int depth) {
  return std::all_of(items.begin(), items.end(),
                     [depth](const Value& item) { return is_stored(item, depth); });
}

bool are_stored(const Value::Fields& fields, int depth) {
  return std::all_of(fields.begin(), fields.end(), [depth](const Value::Field& field) {
    return is_utf8(field.first) && is_stored(field.second, depth);
  });
}

/// Whether a value is in that form already: then it is shared, not copied.
bool is_stored(const Value& value, int depth) {
  if (value.sensitive() || depth > kDeepest) return false;
  switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::integer:
      return true;
    case Value::Kind::string:
      return is_utf8(value.as_string());
    case Value::Kind::list:
      return are_stored(value.as_list(), depth + 1);
    case Value::Kind::map:
      return are_stored(value.as_fields(), depth + 1);
    case Value::Kind::decimal:
    case Value::Kind::object:
    case Value::Kind::unknown:
    case Value::Kind::reference:
      break;
  }
  return false;
}

Value stored(const Value& value, int depth, const ValueDigest& digest);

Value stored_list(const Value::List& items, int depth, const ValueDigest& digest) {
  Value::List result;
  result.reserve(items.size());
  for (const auto& item : items) result.push_back(stored(item, depth, digest));
  return Value::list(std::move(result));
}

Value stored_fields(const Value::Fields& fields, int depth, const ValueDigest& digest) {
  Value::Fields result;
  result.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    result.emplace_back(is_utf8(name) ? name : mended_utf8(name), stored(value, depth, digest));
  }
  return Value::map(std::move(result));
}

/// In the place of a secret stands its digest, which tells whether it changed; what else is marked
/// as sensitive is not kept.
Value stored_secret(const Value& value, const ValueDigest& digest) {
  const Value* made = value.find("hmac");
  const bool is_digest = made != nullptr && made->is_string() && is_utf8(made->as_string()) &&
                         value.as_fields().size() == 1;
  if (is_digest) return Value::map({{"hmac", Value::string(made->as_string())}});
  const bool known = !value.contains_unknown() && !value.contains_reference();
  if (digest && known) return Value::map({{"hmac", Value::string(digest(value))}});
  return Value::map({{"redacted", Value::boolean(true)}});
}

Value stored(const Value& value, int depth, const ValueDigest& digest) {
  if (value.sensitive()) return stored_secret(value, digest);
  if (depth > kDeepest) return {};
  switch (value.kind()) {
    case Value::Kind::unknown:
    case Value::Kind::reference:
      return {};
    case Value::Kind::decimal:
      return stored_decimal(value.as_decimal());
    case Value::Kind::string:
      return is_utf8(value.as_string()) ? value : Value::string(mended_utf8(value.as_string()));
    case Value::Kind::list:
      return stored_list(value.as_list(), depth + 1, digest);
    case Value::Kind::map:
    case Value::Kind::object:
      return stored_fields(value.as_fields(), depth + 1, digest);
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::integer:
      break;
  }
  return value;
}

}  // namespace

Value stored_form(const Value& value, const ValueDigest& digest) {
  return is_stored(value, 0) ? value : stored(value, 0, digest);
}

model::Row stored_form(model::Row row, const ValueDigest& digest) {
  for (auto* value : {&row.identity, &row.owned, &row.exported, &row.notes}) {
    *value = stored_form(*value, digest);
  }
  for (auto& [name, part] : row.parts) {
    part.identity = stored_form(part.identity, digest);
    part.owned = stored_form(part.owned, digest);
  }
  return row;
}

model::Intent stored_form(model::Intent intent, const ValueDigest& digest) {
  intent.arguments = stored_form(intent.arguments, digest);
  return intent;
}

}  // namespace pveplan::state
