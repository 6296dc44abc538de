#include "schema/json_usual.hpp"

#include "schema/text_checks.hpp"

#include <charconv>
#include <iterator>

namespace pveplan::schema {
namespace {

constexpr std::size_t kDeepestJson = 50;
constexpr std::size_t kMostJsonDigits = 18;  ///< of an integer that surely fits

class UsualJsonReader {
 public:
  explicit UsualJsonReader(std::string_view text) : text_(text) {}

  std::optional<Value> read() {
    auto value = read_value(0);
    skip_space();
    if (failed_ || at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  /// A NUL stands for the end, and for what no JSON holds outside of texts.
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (here() != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (here() == ' ' || here() == '\n' || here() == '\t' || here() == '\r') ++at_;
  }
  bool take_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  Value fail() {
    failed_ = true;
    return {};
  }

  Value read_value(std::size_t depth) {
    skip_space();
    switch (here()) {
      case '"':
        return Value::string(read_text());
      case '{':
        return depth < kDeepestJson ? read_object(depth) : fail();
      case '[':
        return depth < kDeepestJson ? read_list(depth) : fail();
      case 't':
        return take_word("true") ? Value::boolean(true) : fail();
      case 'f':
        return take_word("false") ? Value::boolean(false) : fail();
      case 'n':
        return take_word("null") ? Value() : fail();
      default:
        return read_integer();
    }
  }

  Value read_integer() {
    const auto begin = at_;
    const bool negative = take('-');
    const auto first = at_;
    while (here() >= '0' && here() <= '9') ++at_;
    const auto digits = at_ - first;
    const bool odd_zero = digits > 0 && text_[first] == '0' && (digits > 1 || negative);
    const bool goes_on = here() == '.' || here() == 'e' || here() == 'E';
    if (digits == 0 || digits > kMostJsonDigits || odd_zero || goes_on) return fail();
    std::int64_t number = 0;
    std::from_chars(text_.data() + begin, text_.data() + at_, number);
    return Value::integer(number);
  }

  std::string read_text() {
    std::string result;
    auto run = ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        result.append(text_, run, at_ - run);
        ++at_;
        return result;
      }
      if (c == '\\') {
        result.append(text_, run, at_ - run);
        ++at_;
        const char escaped = escaped_character();
        if (escaped == '\0') break;
        result += escaped;
        run = ++at_;
      } else if (static_cast<unsigned char>(c) < 0x80) {
        if (static_cast<unsigned char>(c) < 0x20) break;
        ++at_;
      } else {
        const auto length = utf8_sequence(text_.substr(at_));
        if (length == 0) break;
        at_ += length;
      }
    }
    failed_ = true;
    return {};
  }

  /// NUL for a code in digits, and for what is no escape.
  char escaped_character() const {
    switch (here()) {
      case '"':
      case '\\':
      case '/':
        return here();
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      default:
        return '\0';
    }
  }

  Value read_object(std::size_t depth) {
    ++at_;
    const auto first = fields_.size();
    skip_space();
    if (!take('}')) {
      do {
        skip_space();
        if (here() != '"') return fail();
        auto name = read_text();
        skip_space();
        if (!take(':')) return fail();
        auto value = read_value(depth + 1);
        if (failed_) return {};
        fields_.emplace_back(std::move(name), std::move(value));
        skip_space();
      } while (take(','));
      if (!take('}')) return fail();
    }
    const auto begin = fields_.begin() + static_cast<std::ptrdiff_t>(first);
    Value::Fields fields(std::make_move_iterator(begin), std::make_move_iterator(fields_.end()));
    fields_.erase(begin, fields_.end());
    return Value::map(std::move(fields));
  }

  Value read_list(std::size_t depth) {
    ++at_;
    const auto first = items_.size();
    skip_space();
    if (!take(']')) {
      do {
        auto value = read_value(depth + 1);
        if (failed_) return {};
        items_.push_back(std::move(value));
        skip_space();
      } while (take(','));
      if (!take(']')) return fail();
    }
    const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(first);
    Value::List items(std::make_move_iterator(begin), std::make_move_iterator(items_.end()));
    items_.erase(begin, items_.end());
    return Value::list(std::move(items));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Value::Fields fields_;  ///< of all objects that are open: few allocations
  Value::List items_;     ///< of all lists that are open
};

}  // namespace

std::optional<Value> read_usual_json(std::string_view text) { return UsualJsonReader(text).read(); }

}  // namespace pveplan::schema
