#include "schema/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace pveplan::schema {
namespace {

using nlohmann::json;

/// In our words: the library's name its own rules and states.
std::string fault_of(const json::exception& error) {
  const std::string_view told = error.what();
  if (told.find("UTF-8") != told.npos) return "bytes that are no UTF-8 stand";
  if (told.find("control character") != told.npos)
    return "a control character stands inside of a text";
  if (told.find("number overflow") != told.npos) return "a number that is too large stands";
  return "something that does not belong there stands";
}

/// Builds Values straight from parser events, so that no second tree is ever held.
class ValueBuilder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return put(Value()); }
  bool boolean(bool value) override { return put(Value::boolean(value)); }
  bool number_integer(std::int64_t value) override { return put(Value::integer(value)); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(INT64_MAX))
      return put(Value::decimal(std::to_string(value)));
    return put(Value::integer(static_cast<std::int64_t>(value)));
  }
  bool number_float(double, const std::string& text) override { return put(Value::decimal(text)); }
  bool string(std::string& text) override { return put(Value::string(std::move(text))); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(std::string& name) override {
    static const Value kNothing;  // a temporary here makes g++ 12 warn of what is not so
    pending_.emplace_back(std::move(name), kNothing);
    return true;
  }
  bool end_object() override {
    const auto first = close();
    Value::Fields fields(std::make_move_iterator(first), std::make_move_iterator(pending_.end()));
    pending_.erase(first, pending_.end());
    return put(Value::map(std::move(fields)));
  }
  bool end_array() override {
    const auto first = close();
    Value::List items;
    items.reserve(static_cast<std::size_t>(pending_.end() - first));
    for (auto each = first; each != pending_.end(); ++each) {
      items.push_back(std::move(each->second));
    }
    pending_.erase(first, pending_.end());
    return put(Value::list(std::move(items)));
  }
  bool parse_error(std::size_t position, const std::string&,
                   const json::exception& error) override {
    position_ = position;
    fault_ = fault_of(error);
    return false;
  }

  Value take() { return std::move(root_); }
  /// What is wrong, and the byte at which that was seen, counted from 1; beyond the end where more
  /// was expected.
  const std::string& fault() const { return fault_; }
  std::size_t position() const { return position_; }

 private:
  /// What is open: its fields or items so far are those of `pending_` from `first` on.
  struct Frame {
    bool object = false;
    std::size_t first = 0;
  };
  static constexpr std::size_t kDeepest = 200;  // far beyond any answer; keeps recursion bounded

  bool open(bool object) {
    if (open_.size() >= kDeepest) {
      fault_ = "it is nested too deeply";
      return false;
    }
    open_.push_back({object, pending_.size()});
    return true;
  }
  Value::Fields::iterator close() {
    const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(open_.back().first);
    open_.pop_back();
    return first;
  }
  bool put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().object) {
      pending_.back().second = std::move(value);
    } else {
      pending_.emplace_back(std::string(), std::move(value));
    }
    return true;
  }

  std::vector<Frame> open_;
  Value::Fields pending_;  ///< one stack for all that is open: few allocations
  Value root_;
  std::string fault_;
  std::size_t position_ = 0;
};

/// "line 3, column 7 (byte 41)"
std::string place_text(std::string_view text, std::size_t position) {
  const auto before = text.substr(0, position - 1);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto column = position - (lines == 0 ? 0 : before.rfind('\n') + 1);
  return fmt::format("line {}, column {} (byte {})", lines + 1, column, position);
}

void write(const Value& value, int indent, int depth, std::string& out);

void write_break(int indent, int depth, std::string& out) {
  if (indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent * depth), ' ');
}

/// Printable ASCII that JSON writes as it is: nearly all there is.
bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void write_string(const std::string& text, std::string& out) {
  if (is_plain(text)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

void write_list(const Value::List& items, int indent, int depth, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    write_break(indent, depth + 1, out);
    write(items[i], indent, depth + 1, out);
  }
  if (!items.empty()) write_break(indent, depth, out);
  out += ']';
}

void write_fields(const Value::Fields& fields, int indent, int depth, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [name, value] : fields) {
    if (!first) out += ',';
    first = false;
    write_break(indent, depth + 1, out);
    write_string(name, out);
    out += indent == 0 ? ":" : ": ";
    write(value, indent, depth + 1, out);
  }
  if (!fields.empty()) write_break(indent, depth, out);
  out += '}';
}

void write(const Value& value, int indent, int depth, std::string& out) {
  switch (value.kind()) {
    case Value::Kind::null:
      out += "null";
      return;
    case Value::Kind::boolean:
      out += value.as_boolean() ? "true" : "false";
      return;
    case Value::Kind::integer:
      out += std::to_string(value.as_integer());
      return;
    case Value::Kind::decimal:
      out += value.as_decimal();
      return;
    case Value::Kind::string:
      write_string(value.as_string(), out);
      return;
    case Value::Kind::list:
      write_list(value.as_list(), indent, depth, out);
      return;
    case Value::Kind::map:
    case Value::Kind::object:
      write_fields(value.as_fields(), indent, depth, out);
      return;
    case Value::Kind::unknown:
    case Value::Kind::reference:
      break;
  }
  throw std::logic_error(fmt::format("{} has no JSON form", kind_name(value.kind())));
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  ValueBuilder builder;
  if (!json::sax_parse(text, &builder)) {
    const auto position = builder.position();
    auto fault = builder.fault();
    if (text.empty()) fault = "it is empty";
    if (position > 0 && !text.empty()) {
      const auto place = place_text(text, std::min(position, text.size()));
      fault = position > text.size() ? "it ends too early, behind " + place
                                     : fmt::format("{} at {}", fault, place);
    }
    return std::unexpected(error("Invalid JSON", "The text is no JSON: " + fault + "."));
  }
  return builder.take();
}

std::string to_json(const Value& value) {
  std::string out;
  write(value, 0, 0, out);
  return out;
}

std::string to_pretty_json(const Value& value) {
  std::string out;
  write(value, 2, 0, out);
  out += '\n';
  return out;
}

}  // namespace pveplan::schema
