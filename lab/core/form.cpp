#include "lab/core/form.hpp"

#include "lab/core/text.hpp"

#include <fmt/format.h>

#include <cctype>

namespace pveplan::lab {
namespace {

using schema::Value;

std::string decode_piece(std::string piece) {
  for (char& c : piece) {
    if (c == '+') c = ' ';
  }
  return percent_decode(piece);
}

void add_pair(Parameters::Map& result, const std::string& key, Value value) {
  const auto [slot, fresh] = result.try_emplace(key, value);
  if (fresh) return;
  Value::List items;
  if (slot->second.kind() == Value::Kind::list) {
    items = slot->second.as_list();
  } else {
    items.push_back(slot->second);
  }
  items.push_back(std::move(value));
  slot->second = Value::list(std::move(items));
}

/// A recursive descent that only looks for the first fault.
class JsonProbe {
 public:
  explicit JsonProbe(std::string_view text) : text_(text) {}

  std::string run() {
    value();
    if (!fault_.empty()) return fault_;
    skip();
    if (at_ < text_.size()) complain("garbage after JSON object");
    return fault_;
  }

 private:
  void complain(std::string_view what) {
    if (!fault_.empty()) return;
    const std::string_view rest = text_.substr(std::min(at_, text_.size()));
    fault_ = fmt::format("{}, at character offset {} (before \"{}\")", what, at_,
                         rest.empty()       ? std::string("(end of string)")
                         : rest.size() > 20 ? std::string(rest.substr(0, 20)) + "..."
                                            : std::string(rest));
  }

  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void value() {
    skip();
    if (take('{')) return object();
    if (take('[')) return array();
    if (at_ < text_.size() && text_[at_] == '"') return string();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(std::min(at_, text_.size())).starts_with(word)) {
        at_ += word.size();
        return;
      }
    }
    number();
  }

  void number() {
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
    if (at_ == start) {
      complain("malformed JSON string, neither tag, array, object, number, string or atom");
    }
  }

  void string() {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return complain("unexpected end of string while parsing JSON string");
    ++at_;
  }

  void array() {
    if (take(']')) return;
    do {
      value();
    } while (fault_.empty() && take(','));
    if (fault_.empty() && !take(']')) complain(", or ] expected while parsing array");
  }

  void object() {
    if (take('}')) return;
    do {
      skip();
      if (at_ >= text_.size() || text_[at_] != '"') {
        return complain("unexpected end of string while parsing JSON string");
      }
      string();
      if (fault_.empty() && !take(':')) return complain("':' expected");
      if (fault_.empty()) value();
    } while (fault_.empty() && take(','));
    if (fault_.empty() && !take('}')) complain(", or } expected while parsing object/hash");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string fault_;
};

}  // namespace

Parameters::Map decode_form(std::string_view text) {
  Parameters::Map result;
  for (const std::string& part : split(replace_all(std::string(text), ";", "&"), '&')) {
    if (part.empty()) continue;
    const auto pieces = split(part, '=');
    const std::string key = decode_piece(pieces[0]);
    add_pair(result, key, pieces.size() > 1 ? Value::string(decode_piece(pieces[1])) : Value{});
  }
  return result;
}

std::string json_complaint(std::string_view text) { return JsonProbe(text).run(); }

}  // namespace pveplan::lab
