#include "providers/pve/guest_codec/options.hpp"

#include "providers/pve/client/encoding.hpp"
#include "providers/pve/coerce.hpp"

#include <algorithm>

namespace pveplan::pve {
namespace {

using schema::Value;

constexpr std::int64_t kMebi = 1024 * 1024;

OptionForm form_of(const schema::AttributeSchema& attribute) {
  using Encoding = schema::Wire::Encoding;
  using Kind = schema::Type::Kind;
  switch (attribute.wire.encoding) {
    case Encoding::boolean:
      return OptionForm::flag;
    case Encoding::on_ignore:
      return OptionForm::on_ignore;
    case Encoding::mebibytes:
      return OptionForm::mebibytes;
    case Encoding::comma_list:
      return OptionForm::commas;
    case Encoding::semicolon_list:
      return OptionForm::tags;
    case Encoding::url_encoded:
      return OptionForm::encoded_lines;
    case Encoding::plain:
    case Encoding::gibibytes:
      break;
  }
  const bool number = attribute.type.kind == Kind::integer || attribute.type.kind == Kind::decimal;
  return number ? OptionForm::number : OptionForm::text;
}

bool is_plain(const schema::Type& type) {
  using Kind = schema::Type::Kind;
  return type.kind != Kind::object && type.kind != Kind::keyed_part && type.kind != Kind::one_of &&
         type.kind != Kind::map && type.kind != Kind::any && type.kind != Kind::secret;
}

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// `canonical`: as the server stores tags, in lower case, sorted, each once.
std::optional<std::string> join(const Value& value, char separator, bool canonical) {
  if (value.kind() != Value::Kind::list) return std::nullopt;
  std::vector<std::string> items;
  for (const auto& item : value.as_list()) items.push_back(as_text(&item));
  if (canonical) {
    for (auto& item : items) item = lower(std::move(item));
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
  }
  std::string result;
  for (const auto& item : items) {
    if (!result.empty()) result += separator;
    result += item;
  }
  return result;
}

/// Proxmox takes `,`, `;` and blanks between the items of any list.
Value split(std::string_view text, bool sorted) {
  std::vector<std::string> items;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find_first_of(",; \n\t", start), text.size());
    if (end > start) items.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  if (sorted) std::sort(items.begin(), items.end());
  Value::List values;
  for (auto& item : items) values.push_back(Value::string(std::move(item)));
  return Value::list(std::move(values));
}

Value lines_of(const std::string& text) {
  Value::List lines;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    auto line = text.substr(start, end - start);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(Value::string(std::move(line)));
    start = end + 1;
  }
  return Value::list(std::move(lines));
}

}  // namespace

std::vector<Option> options_of(const schema::ObjectSchema& schema) {
  std::vector<Option> result;
  for (const auto& attribute : schema.attributes) {
    if (!attribute.wire.option.empty() && is_plain(attribute.type))
      result.push_back({attribute.name, attribute.wire.option, form_of(attribute)});
  }
  return result;
}

std::vector<Option> properties_of(const schema::ObjectSchema& schema) {
  std::vector<Option> result;
  for (const auto& attribute : schema.attributes) {
    if (!attribute.wire.property_key.empty() && is_plain(attribute.type))
      result.push_back({attribute.name, attribute.wire.property_key, form_of(attribute)});
  }
  return result;
}

std::optional<std::string> encode(const Option& option, const Value& value) {
  if (value.is_null()) return std::nullopt;
  switch (option.form) {
    case OptionForm::text:
    case OptionForm::number:
      return as_text(&value);
    case OptionForm::flag:
      return as_flag(&value) ? "1" : "0";
    case OptionForm::on_ignore:
      return as_flag(&value) ? "on" : "ignore";
    case OptionForm::mebibytes:
      return std::to_string(as_integer(&value).value_or(0) / kMebi);
    case OptionForm::tags: {
      auto joined = join(value, ';', true);
      return joined ? *joined : as_text(&value);
    }
    case OptionForm::commas:
      return join(value, ',', false);
    case OptionForm::encoded_lines: {
      const auto lines = join(value, '\n', false);
      return lines && !lines->empty() ? percent_encode(*lines + "\n") : lines;
    }
  }
  return std::nullopt;
}

Value decode(const Option& option, std::string_view text) {
  const auto as_it_is = Value::string(std::string(text));
  switch (option.form) {
    case OptionForm::text:
      return as_it_is;
    case OptionForm::flag: {
      const auto flag = parse_flag(text);
      return flag ? Value::boolean(*flag) : as_it_is;
    }
    case OptionForm::on_ignore:
      return Value::boolean(text == "on");
    case OptionForm::number: {
      const auto number = parse_integer(text);
      if (number) return Value::integer(*number);
      const bool decimal = text.find_first_not_of("0123456789.-") == text.npos && !text.empty();
      return decimal ? Value::decimal(std::string(text)) : as_it_is;
    }
    case OptionForm::mebibytes: {
      constexpr std::string_view kCurrent = "current=";  // memory is a property string since 8.0
      if (text.starts_with(kCurrent)) text.remove_prefix(kCurrent.size());
      const auto number = parse_integer(text);
      return number ? Value::integer(*number * kMebi) : as_it_is;
    }
    case OptionForm::tags:
      return split(text, true);
    case OptionForm::commas:
      return split(text, false);
    case OptionForm::encoded_lines:
      return lines_of(percent_decode(text));
  }
  return as_it_is;
}

const Option* find_option(const std::vector<Option>& options, std::string_view attribute) {
  const auto at = std::find_if(options.begin(), options.end(), [attribute](const Option& option) {
    return option.attribute == attribute;
  });
  return at == options.end() ? nullptr : &*at;
}

}  // namespace pveplan::pve
