#include "schema/value.hpp"

#include "schema/value_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace pveplan::schema {
namespace {

Value::Fields normalized(Value::Fields fields) {
  const auto by_name = [](const Value::Field& a, const Value::Field& b) {
    return a.first < b.first;
  };
  const auto out_of_order = std::adjacent_find(
      fields.begin(), fields.end(),
      [](const Value::Field& a, const Value::Field& b) { return a.first >= b.first; });
  if (out_of_order == fields.end()) return fields;
  std::stable_sort(fields.begin(), fields.end(), by_name);
  Value::Fields result;
  result.reserve(fields.size());
  for (auto& field : fields) {
    if (!result.empty() && result.back().first == field.first) {
      result.back() = std::move(field);
    } else {
      result.push_back(std::move(field));
    }
  }
  return result;
}

template <typename T>
const T& expect(const T* held, const char* wanted, Value::Kind kind) {
  if (held == nullptr) {
    throw std::logic_error(fmt::format("value is {}, not {}", kind_name(kind), wanted));
  }
  return *held;
}

std::optional<std::size_t> parse_index(const std::string& text) {
  std::size_t index = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

}  // namespace

Path Path::parse(std::string_view text) {
  std::vector<std::string> steps;
  for (std::size_t start = 0; start <= text.size();) {
    const auto dot = std::min(text.find('.', start), text.size());
    steps.emplace_back(text.substr(start, dot - start));
    start = dot + 1;
  }
  return Path(std::move(steps));
}

Path Path::child(std::string step) const {
  auto steps = steps_;
  steps.push_back(std::move(step));
  return Path(std::move(steps));
}

std::string Path::text() const { return fmt::format("{}", fmt::join(steps_, ".")); }

std::string Reference::text() const {
  std::string result;
  for (const auto& part : parts) {
    for (const char c : part.literal) {
      if (c == '$') result += '$';
      result += c;
    }
    if (!part.target) continue;
    result += "${" + part.target->text();
    if (part.all_instances) result += "[*]";
    result += "." + part.attribute.text() + "}";
  }
  return result;
}

Value Value::unknown() { return Value(Data(Unknown{})); }
Value Value::boolean(bool value) { return Value(Data(value)); }
Value Value::integer(std::int64_t value) { return Value(Data(value)); }
Value Value::decimal(std::string exact_text) { return Value(Data(Decimal{std::move(exact_text)})); }
Value Value::string(std::string text) { return Value(Data(std::move(text))); }
Value Value::list(List items) {
  return Value(Data(Shared<List, Kind::list>{std::make_shared<const List>(std::move(items))}));
}
Value Value::map(Fields fields) {
  return Value(Data(
      Shared<Fields, Kind::map>{std::make_shared<const Fields>(normalized(std::move(fields)))}));
}
Value Value::object(Fields fields) {
  return Value(Data(
      Shared<Fields, Kind::object>{std::make_shared<const Fields>(normalized(std::move(fields)))}));
}
Value Value::reference(Reference reference) {
  return Value(Data(
      Shared<Reference, Kind::reference>{std::make_shared<const Reference>(std::move(reference))}));
}

Value::Kind Value::kind() const { return static_cast<Kind>(data_.index()); }

bool Value::as_boolean() const { return expect(std::get_if<bool>(&data_), "a boolean", kind()); }
std::int64_t Value::as_integer() const {
  return expect(std::get_if<std::int64_t>(&data_), "an integer", kind());
}
const std::string& Value::as_decimal() const {
  return expect(std::get_if<Decimal>(&data_), "a decimal", kind()).text;
}
const std::string& Value::as_string() const {
  return expect(std::get_if<std::string>(&data_), "a string", kind());
}
const Value::List& Value::as_list() const {
  return *expect(std::get_if<Shared<List, Kind::list>>(&data_), "a list", kind()).contents;
}
const Value::Fields& Value::as_fields() const {
  if (const auto* held = std::get_if<Shared<Fields, Kind::map>>(&data_)) return *held->contents;
  return *expect(std::get_if<Shared<Fields, Kind::object>>(&data_), "a table", kind()).contents;
}
const Reference& Value::as_reference() const {
  return *expect(std::get_if<Shared<Reference, Kind::reference>>(&data_), "a reference", kind())
              .contents;
}

const Value* Value::find(std::string_view name) const {
  if (!has_fields()) return nullptr;
  const auto& fields = as_fields();
  const auto at = std::lower_bound(
      fields.begin(), fields.end(), name,
      [](const Field& field, std::string_view wanted) { return field.first < wanted; });
  return at != fields.end() && at->first == name ? &at->second : nullptr;
}

const Value* Value::find(const Path& path) const {
  const Value* here = this;
  for (const auto& step : path.steps()) {
    if (here->kind() == Kind::list) {
      const auto index = parse_index(step);
      if (!index || *index >= here->as_list().size()) return nullptr;
      here = &here->as_list()[*index];
    } else {
      here = here->find(step);
      if (here == nullptr) return nullptr;
    }
  }
  return here;
}

Value Value::with(const Path& path, Value value) const {
  if (path.empty()) return value;
  const auto& name = path.steps().front();
  const Path rest(std::vector<std::string>(path.steps().begin() + 1, path.steps().end()));
  const Value* held = find(name);
  Value inner = (held != nullptr ? *held : Value()).with(rest, std::move(value));
  Fields fields;
  if (has_fields()) {
    fields.reserve(as_fields().size() + 1);
    fields = as_fields();
  }
  const auto at = std::lower_bound(
      fields.begin(), fields.end(), name,
      [](const Field& field, const std::string& wanted) { return field.first < wanted; });
  if (held == nullptr) {
    if (!inner.is_null()) fields.emplace(at, name, std::move(inner));
  } else if (inner.is_null()) {
    fields.erase(at);
  } else {
    at->second = std::move(inner);
  }
  auto result = kind() == Kind::map ? map(std::move(fields)) : object(std::move(fields));
  result.sensitive_ = sensitive_;
  return result;
}

Value Value::as_sensitive() const {
  auto result = *this;
  result.sensitive_ = true;
  return result;
}

bool Value::contains_unknown() const {
  return any_inside(*this, [](const Value& value) { return value.is_unknown(); });
}

bool Value::contains_reference() const {
  return any_inside(*this, [](const Value& value) { return value.kind() == Kind::reference; });
}

std::string_view kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "nothing";
    case Value::Kind::unknown:
      return "an unknown value";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::integer:
      return "an integer";
    case Value::Kind::decimal:
      return "a decimal number";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::map:
    case Value::Kind::object:
      return "a table";
    case Value::Kind::reference:
      return "a reference";
  }
  return "a value";
}

}  // namespace pveplan::schema
