#include "engine/view/text.hpp"

#include "schema/json.hpp"
#include "schema/units.hpp"

#include <fmt/format.h>

#include <cmath>

namespace pveplan::view {

using schema::Value;
using TypeKind = schema::Type::Kind;

std::string lost_text(std::uint64_t bytes) {
  return bytes == 0 ? "data of unknown size" : schema::readable_size(bytes);
}

std::string duration_text(std::int64_t seconds) {
  if (seconds != 0 && seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  if (seconds != 0 && seconds % 60 == 0) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} s", seconds);
}

namespace {

/// Whether a text needs quotes around this character.
bool asks_for_quotes(char c) {
  switch (c) {
    case ' ':
    case '"':
    case '\'':
    case '\\':
    case ',':
    case '{':
    case '}':
    case '[':
    case ']':
    case '\x7f':
      return true;
    default:
      return static_cast<unsigned char>(c) < 0x20;
  }
}

std::string string_text(const std::string& text) {
  const bool plain = !text.empty() && std::none_of(text.begin(), text.end(), asks_for_quotes);
  return plain ? text : schema::to_json(Value::string(text));
}

const schema::AttributeSchema* element_of(const schema::AttributeSchema* attribute,
                                          schema::AttributeSchema& element) {
  if (attribute == nullptr || attribute->type.element == nullptr) return nullptr;
  element.type = *attribute->type.element;
  return &element;
}

std::string list_text(const schema::AttributeSchema* attribute, const Value::List& items) {
  schema::AttributeSchema element;
  const auto* inner = element_of(attribute, element);
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + value_text(inner, item);
  return "[" + text + "]";
}

std::string fields_text(const schema::AttributeSchema* attribute, const Value::Fields& fields) {
  const auto* object = attribute != nullptr ? attribute->type.object.get() : nullptr;
  std::string text;
  for (const auto& [name, value] : fields) {
    const auto* inner = object != nullptr ? object->find(name) : nullptr;
    text += (text.empty() ? "" : ", ") + name + " " + value_text(inner, value);
  }
  return "{" + text + "}";
}

/// What states and plans hold in the place of a secret.
bool stands_for_secret(const Value& value) {
  if (value.kind() != Value::Kind::map || value.as_fields().size() != 1) return false;
  const auto& [name, content] = value.as_fields().front();
  return (name == "redacted" && content == Value::boolean(true)) ||
         (name == "hmac" && content.is_string() && content.as_string().size() == 64);
}

}  // namespace

std::string value_text(const schema::AttributeSchema* attribute, const Value& value) {
  if (value.sensitive() || stands_for_secret(value) ||
      (attribute != nullptr && attribute->sensitive))
    return std::string(kSecret);
  switch (value.kind()) {
    case Value::Kind::null:
      return "unset";
    case Value::Kind::unknown:
    case Value::Kind::reference:
      return "(known after apply)";
    case Value::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Value::Kind::decimal:
      return value.as_decimal();
    case Value::Kind::string:
      return string_text(value.as_string());
    case Value::Kind::list:
      return list_text(attribute, value.as_list());
    case Value::Kind::map:
    case Value::Kind::object:
      return fields_text(attribute, value.as_fields());
    case Value::Kind::integer:
      break;
  }
  const auto number = value.as_integer();
  if (attribute != nullptr && attribute->type.kind == TypeKind::size && number >= 0) {
    return schema::readable_size(static_cast<std::uint64_t>(number));
  }
  if (attribute != nullptr && attribute->type.kind == TypeKind::duration)
    return duration_text(number);
  return std::to_string(number);
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  constexpr std::string_view kRest = "...";
  if (width < kRest.size()) return {};
  std::size_t end = 0;
  for (std::size_t shown = 0; shown <= width - kRest.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U) ++shown;
  }
  return std::string(text.substr(0, end - 1)) + std::string(kRest);
}

std::string padded(std::string_view text, std::size_t width) {
  const auto used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 1, ' ');
}

std::string wrapped(std::string_view text, std::size_t first_column, std::size_t indent,
                    std::size_t width) {
  // Nearly everything fits.
  if (first_column + text.size() <= width && !text.ends_with(' ')) return std::string(text);
  std::string result;
  std::size_t column = first_column;
  bool line_empty = true;
  for (std::size_t start = 0; start < text.size();) {
    const auto blank = std::min(text.find(' ', start), text.size());
    const auto word = text.substr(start, blank - start);
    start = blank + 1;
    const auto length = columns(word);
    if (!line_empty && column + 1 + length > width) {
      result += '\n';
      result.append(indent, ' ');
      column = indent;
      line_empty = true;
    }
    if (!line_empty) {
      result += ' ';
      ++column;
    }
    result += word;
    column += length;
    line_empty = false;
  }
  return result;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace pveplan::view
