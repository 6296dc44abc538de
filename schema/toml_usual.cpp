#include "schema/toml_usual.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace pveplan::schema {
namespace {

using TableOrigin = Node::Table::Made;

constexpr std::size_t kDeepestUsual = 16;  ///< lists and tables in one value
constexpr std::size_t kLinear = 24;        ///< entries that are looked through one by one
constexpr std::size_t kMostDigits = 18;    ///< of an integer that surely fits

bool is_plain_digit(char c) { return c >= '0' && c <= '9'; }

bool is_bare(char c) {
  return is_plain_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

bool is_control(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; }

/// A table that the rest of the text may add to.
class Draft {
 public:
  class Member {
   public:
    std::string_view key;
    Span key_span;
    NodePtr value;  ///< or, for what may still grow:
    std::unique_ptr<Draft> table;
  };

  Draft(TableOrigin how, Span where) : made(how), span(where) {}

  Member* find(std::string_view key) {
    if (members_.size() > kLinear) {
      const auto at = places_.find(key);
      return at == places_.end() ? nullptr : &members_[at->second];
    }
    const auto at = std::find_if(members_.begin(), members_.end(),
                                 [key](const Member& each) { return each.key == key; });
    return at == members_.end() ? nullptr : &*at;
  }

  /// Of a key that is not there yet.
  Member& add(std::string_view key, Span key_span) {
    members_.push_back({key, key_span, nullptr, nullptr});
    if (members_.size() == kLinear + 1) {
      for (std::size_t i = 0; i < members_.size(); ++i) places_.emplace(members_[i].key, i);
    } else if (members_.size() > kLinear) {
      places_.emplace(key, members_.size() - 1);
    }
    return members_.back();
  }

  NodePtr finish() {
    std::sort(members_.begin(), members_.end(),
              [](const Member& a, const Member& b) { return a.key < b.key; });
    Node::Table table;
    table.made = made;
    table.entries.reserve(members_.size());
    for (auto& each : members_) {
      auto value = each.table ? each.table->finish() : std::move(each.value);
      each.table.reset();  // its memory serves the next one
      table.entries.push_back({std::string(each.key), each.key_span, std::move(value)});
    }
    auto result = std::make_shared<Node>();
    result->data = std::move(table);
    result->span = span;
    return result;
  }

  TableOrigin made;
  Span span;

 private:
  std::vector<Member> members_;
  std::unordered_map<std::string_view, std::size_t> places_;  ///< once there are many
};

class UsualReader {
 public:
  UsualReader(std::string_view text, std::uint32_t file, std::uint32_t base)
      : text_(text), file_(file), base_(base), root_(TableOrigin::implied, {file, base, base}) {}

  NodePtr read() {
    current_ = &root_;
    while (at_ < text_.size()) {
      skip_blanks();
      const char c = here();
      bool fits = true;
      if (c == '[') {
        fits = read_header();
      } else if (is_bare(c)) {
        fits = read_assignment(*current_);
      }
      if (!fits || !end_line()) return nullptr;
    }
    return root_.finish();
  }

 private:
  struct Name {
    std::string_view key;
    Span span;
  };

  /// A NUL stands for the end: check_text has refused those in the text.
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (here() != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (here() == ' ' || here() == '\t') ++at_;
  }
  Span span_from(std::size_t begin) const {
    return {file_, base_ + static_cast<std::uint32_t>(begin),
            base_ + static_cast<std::uint32_t>(at_)};
  }

  bool skip_comment() {
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') {
      if (is_control(text_[at_++])) return false;
    }
    return true;
  }

  /// What may follow a statement: blanks, a comment, the end of the line.
  bool end_line() {
    skip_blanks();
    if (here() == '#' && !skip_comment()) return false;
    if (at_ == text_.size()) return true;
    take('\r');
    return take('\n');
  }

  /// Between the items of a list.
  bool skip_lines() {
    for (;;) {
      skip_blanks();
      if (here() == '#') {
        if (!skip_comment()) return false;
      } else if (here() == '\r') {
        ++at_;
        if (!take('\n')) return false;
      } else if (!take('\n')) {
        return true;
      }
    }
  }

  /// "a.b.c" without blanks and quotes; empty when it is written otherwise.
  const std::vector<Name>& read_names() {
    names_.clear();
    do {
      const auto begin = at_;
      while (is_bare(here())) ++at_;
      if (at_ == begin || names_.size() == kDeepestUsual) {
        names_.clear();
        break;
      }
      names_.push_back({text_.substr(begin, at_ - begin), span_from(begin)});
    } while (take('.'));
    return names_;
  }

  /// A table that is headed once, below tables that have headers or are only implied.
  bool read_header() {
    const auto begin = at_++;
    const auto& names = read_names();
    if (names.empty() || !take(']')) return false;
    const auto span = span_from(begin);
    auto* table = &root_;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool last = i + 1 == names.size();
      auto* member = table->find(names[i].key);
      if (member == nullptr) {
        member = &table->add(names[i].key, names[i].span);
        member->table =
            std::make_unique<Draft>(last ? TableOrigin::by_header : TableOrigin::implied, span);
      } else if (last || !member->table || member->table->made == TableOrigin::by_dotted_key) {
        return false;
      }
      table = member->table.get();
    }
    current_ = table;
    return true;
  }

  bool read_assignment(Draft& into) {
    const auto& names = read_names();
    if (names.empty()) return false;
    auto* table = &into;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      auto* member = table->find(names[i].key);
      if (member == nullptr) {
        member = &table->add(names[i].key, names[i].span);
        member->table = std::make_unique<Draft>(TableOrigin::by_dotted_key, names[i].span);
      } else if (!member->table || member->table->made != TableOrigin::by_dotted_key) {
        return false;
      }
      table = member->table.get();
    }
    const auto last = names.back();
    if (table->find(last.key) != nullptr) return false;
    skip_blanks();
    if (!take('=')) return false;
    skip_blanks();
    auto value = read_value(0);
    if (!value) return false;
    table->add(last.key, last.span).value = std::move(value);
    return true;
  }

  template <typename T>
  NodePtr made(T data, std::size_t begin) const {
    auto node = std::make_shared<Node>();
    node->data = std::move(data);
    node->span = span_from(begin);
    return node;
  }

  NodePtr read_value(std::size_t depth) {
    switch (here()) {
      case '"':
        return read_text();
      case '\'':
        return read_literal_text();
      case '[':
        return depth < kDeepestUsual ? read_list(depth) : nullptr;
      case '{':
        return depth < kDeepestUsual ? read_inline_table(depth) : nullptr;
      default:
        return read_word();
    }
  }

  NodePtr read_text() {
    const auto begin = at_++;
    std::string text;
    for (auto run = at_; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') {
        text.append(text_, run, at_ - run);
        ++at_;
        if (text.empty() && here() == '"') return nullptr;  // of several lines
        return made(std::move(text), begin);
      }
      if (is_control(c)) return nullptr;
      ++at_;
      if (c != '\\') continue;
      const char escaped = escaped_character();
      if (escaped == '\0') return nullptr;
      text.append(text_, run, at_ - 1 - run);
      text += escaped;
      run = ++at_;
    }
    return nullptr;
  }

  /// NUL for those that take more than one character.
  char escaped_character() const {
    switch (here()) {
      case '"':
      case '\\':
        return here();
      case 'n':
        return '\n';
      case 't':
        return '\t';
      default:
        return '\0';
    }
  }

  NodePtr read_literal_text() {
    const auto begin = at_++;
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (is_control(text_[at_++])) return nullptr;
    }
    if (!take('\'')) return nullptr;
    if (at_ == begin + 2 && here() == '\'') return nullptr;  // of several lines
    return made(std::string(text_.substr(begin + 1, at_ - begin - 2)), begin);
  }

  /// A boolean or a number in its plainest form.
  NodePtr read_word() {
    const auto begin = at_;
    while (is_bare(here()) || here() == '.' || here() == '+' || here() == ':') ++at_;
    const auto word = text_.substr(begin, at_ - begin);
    if (word == "true" || word == "false") return made(word == "true", begin);
    const bool negative = word.starts_with('-');
    const auto digits = word.substr(negative ? 1 : 0);
    const auto whole = static_cast<std::size_t>(
        std::find_if_not(digits.begin(), digits.end(), is_plain_digit) - digits.begin());
    const bool leading_zero = whole > 1 && digits[0] == '0';
    if (whole == 0 || whole > kMostDigits || leading_zero) return nullptr;
    if (whole == digits.size()) {
      std::int64_t number = 0;
      std::from_chars(word.data(), word.data() + word.size(), number);
      return made(number, begin);
    }
    const auto fraction = digits.substr(whole + 1);
    const bool decimal = digits[whole] == '.' && !fraction.empty() &&
                         std::all_of(fraction.begin(), fraction.end(), is_plain_digit);
    return decimal ? made(Decimal{std::string(word)}, begin) : nullptr;
  }

  NodePtr read_list(std::size_t depth) {
    const auto begin = at_++;
    Node::Array list;
    for (;;) {
      if (!skip_lines()) return nullptr;
      if (take(']')) return made(std::move(list), begin);
      auto item = read_value(depth + 1);
      if (!item || !skip_lines()) return nullptr;
      list.items.push_back(std::move(item));
      if (!take(',') && here() != ']') return nullptr;
    }
  }

  NodePtr read_inline_table(std::size_t depth) {
    const auto begin = at_++;
    Node::Table table;
    table.made = TableOrigin::in_line;
    skip_blanks();
    while (!take('}')) {
      const auto& names = read_names();
      if (names.size() != 1) return nullptr;
      const auto name = names.front();
      skip_blanks();
      if (!take('=')) return nullptr;
      skip_blanks();
      auto value = read_value(depth + 1);
      if (!value) return nullptr;
      table.entries.push_back({std::string(name.key), name.span, std::move(value)});
      skip_blanks();
      if (here() == '}') continue;
      if (!take(',')) return nullptr;
      skip_blanks();
      if (here() == '}') return nullptr;
    }
    std::sort(table.entries.begin(), table.entries.end(),
              [](const Entry& a, const Entry& b) { return a.key < b.key; });
    const auto twice =
        std::adjacent_find(table.entries.begin(), table.entries.end(),
                           [](const Entry& a, const Entry& b) { return a.key == b.key; });
    return twice == table.entries.end() ? made(std::move(table), begin) : nullptr;
  }

  std::string_view text_;
  std::uint32_t file_;
  std::uint32_t base_;
  std::size_t at_ = 0;
  Draft root_;
  Draft* current_ = nullptr;
  std::vector<Name> names_;
};

}  // namespace

NodePtr read_usual_toml(std::string_view text, std::uint32_t file, std::uint32_t base) {
  if (text.empty() || text.starts_with("\xEF\xBB\xBF")) return nullptr;
  return UsualReader(text, file, base).read();
}

}  // namespace pveplan::schema
