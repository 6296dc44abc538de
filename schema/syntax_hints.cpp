#include "schema/syntax_hints.hpp"

#include "schema/toml_outline.hpp"
#include "schema/value_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pveplan::schema {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, "."));
}

/// Where a name of a path is taken already, in what the file holds in front of the error.
struct Taken {
  const Entry* entry = nullptr;
  std::size_t length = 0;  ///< names of the path up to there
};

/// Follows the path until it ends, or meets something that cannot be entered.
Taken follow(const Node& root, const std::vector<std::string>& path) {
  const Node* here = &root;
  Taken taken;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (const auto* array = here->array(); array != nullptr && !array->items.empty()) {
      here = array->items.back().get();
    }
    const auto* entry = here->find(path[i]);
    if (entry == nullptr) return i == 0 || taken.entry == nullptr ? Taken() : Taken{nullptr, i};
    taken = {entry, i + 1};
    here = entry->value.get();
    const auto* table = here->table();
    const bool closed = (table != nullptr && table->made == Node::Table::Made::in_line) ||
                        (table == nullptr && here->array() == nullptr);
    if (closed) return taken;
  }
  return taken;
}

class SyntaxError {
 public:
  SyntaxError(std::string_view text, std::uint32_t file, const TomlError& failure)
      : text_(text),
        file_(file),
        failure_(failure),
        offset_(std::min<std::size_t>(failure.offset, text.size())) {
    begin_ = statement_begin(text, offset_);
    line_end_ = std::min(text.find('\n', begin_), text.size());
    statement_ = trimmed(text.substr(begin_, line_end_ - begin_));
  }

  Diagnostic explain() {
    const auto before = parse_toml(text_.substr(0, begin_), file_);
    if (before) before_ = *before;
    auto result = statement_.starts_with('[') ? explain_header() : explain_entry();
    if (result) return std::move(*result);
    const auto end = std::min(offset_ + 1, text_.size());
    return error("Invalid TOML", fmt::format("TOML does not allow this: {}.", library_words()),
                 span(std::min(offset_, end), end));
  }

 private:
  using Found = std::optional<Diagnostic>;

  Span span(std::size_t begin, std::size_t end) const {
    return {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  Span span_of(std::string_view part) const {
    const auto begin = static_cast<std::size_t>(part.data() - text_.data());
    return span(begin, begin + part.size());
  }
  std::size_t line_of(Span place) const {
    const auto front = text_.substr(0, place.begin);
    return static_cast<std::size_t>(std::count(front.begin(), front.end(), '\n')) + 1;
  }

  /// What the library says, without what it was doing when it met the error.
  std::string_view library_words() const {
    std::string_view words = failure_.message;
    const auto colon = words.starts_with("Error while parsing") ? words.find(": ") : words.npos;
    if (colon != words.npos) words.remove_prefix(colon + 2);
    while (words.ends_with('.')) words.remove_suffix(1);
    return words;
  }

  Diagnostic with_note(Diagnostic diagnostic, std::string text, Span place) const {
    diagnostic.notes.push_back({std::move(text), place});
    return diagnostic;
  }

  // Headers.

  Found explain_header() {
    const auto close = statement_.find(']');
    if (close == std::string_view::npos) {
      return error("Header without its closing bracket",
                   fmt::format("A header ends with a bracket: write {}].", statement_),
                   span_of(statement_));
    }
    const bool list = statement_.starts_with("[[");
    const auto inside = trimmed(statement_.substr(list ? 2 : 1, close - (list ? 2 : 1)));
    const auto header = statement_.substr(0, close + (list ? 2 : 1));
    if (auto wrong = bad_names(inside)) return wrong;
    if (before_) {
      if (auto twice = taken_header(key_names(inside), header)) return twice;
    }
    const auto rest = trimmed(statement_.substr(std::min(header.size(), statement_.size())));
    if (rest.empty() || rest.starts_with('#')) return std::nullopt;
    return error("Text behind a header", "A header stands alone in its line.", span_of(rest));
  }

  Found bad_names(std::string_view key) {
    static constexpr std::string_view kHelp =
        "Names are letters, digits, \"_\" and \"-\", joined by dots.";
    const bool quoted = key.find_first_of("\"'") != std::string_view::npos;
    const auto names = key_names(key);
    const bool empty = std::any_of(names.begin(), names.end(),
                                   [](const std::string& name) { return name.empty(); });
    if (empty && !quoted) return error("Invalid name", std::string(kHelp), span_of(key));
    for (const char c : key) {
      const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                        c == '.' || c == ' ';
      if (!fits && !quoted) return error("Invalid name", std::string(kHelp), span_of(key));
    }
    for (std::size_t i = 1; i + 1 < key.size() && !quoted; ++i) {
      const bool between = key[i] == ' ' && key[i - 1] != '.' && key[i - 1] != ' ';
      const auto next = trimmed(key.substr(i));
      if (between && !next.empty() && next.front() != '.') {
        return error("Invalid name", std::string(kHelp), span_of(key));
      }
    }
    return std::nullopt;
  }

  Found taken_header(const std::vector<std::string>& names, std::string_view header) {
    const auto taken = follow(*before_, names);
    if (taken.entry == nullptr) return std::nullopt;
    const auto& node = *taken.entry->value;
    const auto* table = node.table();
    const std::vector<std::string> part(names.begin(),
                                        names.begin() + static_cast<std::ptrdiff_t>(taken.length));
    if (table != nullptr && table->made == Node::Table::Made::by_header) {
      return with_note(
          error("Same header twice",
                fmt::format("{} was opened at line {} already, and again at line {}. Put the lines "
                            "of both under one header.",
                            header, line_of(node.span), line_of(span_of(header))),
                span_of(header)),
          "opened here first", node.span);
    }
    if (table != nullptr) return closed_table(part, taken, span_of(header));
    return with_note(error("Name used twice",
                           fmt::format("\"{}\" is no table: line {} gives it {}.", joined(part),
                                       line_of(taken.entry->key_span), node_kind(node)),
                           span_of(header)),
                     "it stands here", taken.entry->key_span);
  }

  /// A table that was written in a form which ends it.
  Diagnostic closed_table(const std::vector<std::string>& names, const Taken& taken, Span place) {
    const bool in_line = taken.entry->value->table()->made == Node::Table::Made::in_line;
    const auto line = line_of(taken.entry->key_span);
    const auto detail =
        in_line ? fmt::format(
                      "\"{}\" was written with braces at line {}, and braces hold all of a "
                      "table. Put this into the braces, or write each line with its dots.",
                      joined(names), line)
                : fmt::format(
                      "\"{}\" was begun with dotted lines at line {}: write the rest as "
                      "dotted lines there, or all of it below this header.",
                      joined(names), line);
    return with_note(error("Table is complete already", detail, place), "the table stands here",
                     taken.entry->key_span);
  }

  // Keys and values.

  Found explain_entry() {
    const auto equals = find_equals();
    if (equals == std::string_view::npos) return no_equals();
    const auto key = trimmed(statement_.substr(0, equals));
    if (auto wrong = bad_names(key)) return wrong;
    if (before_) {
      if (auto twice = taken_key(key)) return twice;
    }
    return explain_value(begin_ + equals + 1);
  }

  /// The "=" behind the key; a key may be quoted.
  std::size_t find_equals() const {
    char quote = 0;
    for (std::size_t i = 0; i < statement_.size(); ++i) {
      const char c = statement_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '=') {
        return i;
      }
    }
    return std::string_view::npos;
  }

  Found no_equals() {
    const auto colon = statement_.find(':');
    const auto end = std::min(statement_.find_first_of(" \t:"), statement_.size());
    const auto key = statement_.substr(0, end);
    if (colon != std::string_view::npos && colon == end) {
      const auto value = trimmed(statement_.substr(colon + 1));
      return error("Colon instead of an equals sign",
                   value.empty()
                       ? fmt::format("A table begins with a header: write [{}].", key)
                       : fmt::format("TOML assigns with \"=\": write {} = {}", key, value),
                   span_of(statement_.substr(0, colon + 1)));
    }
    return error("Line without an equals sign",
                 "A line holds a header in brackets, or a key, \"=\" and a value.",
                 span_of(statement_));
  }

  std::vector<std::string> current_header() const {
    const auto headers = outline_of(text_.substr(0, begin_)).headers;
    if (headers.empty()) return {};
    const auto line =
        text_.substr(headers.back(), text_.find('\n', headers.back()) - headers.back());
    const auto open = line.find_first_not_of(" \t[");
    return key_names(line.substr(open, line.find(']') - open));
  }

  Found taken_key(std::string_view key) {
    auto path = current_header();
    const auto own = key_names(key);
    path.insert(path.end(), own.begin(), own.end());
    const auto taken = follow(*before_, path);
    if (taken.entry == nullptr) return std::nullopt;
    const auto* table = taken.entry->value->table();
    const bool whole = taken.length == path.size();
    const auto from_own = own.size() - (path.size() - taken.length);
    const std::vector<std::string> part(own.begin(),
                                        own.begin() + static_cast<std::ptrdiff_t>(from_own));
    if (!whole && table != nullptr) return closed_table(part, taken, span_of(key));
    const auto line = line_of(taken.entry->key_span);
    return with_note(error("Key twice",
                           fmt::format("\"{}\" has a value since line {}. Keep one of the two.",
                                       joined(whole ? own : part), line),
                           span_of(key)),
                     "it stands here first", taken.entry->key_span);
  }

  Found explain_value(std::size_t value_begin) {
    const auto value = trimmed(text_.substr(value_begin, line_end_ - value_begin));
    if (value.starts_with('{') && offset_ >= line_end_) return open_braces(value);
    if (value.starts_with('[') && offset_ > line_end_) {
      return error("List without its closing bracket",
                   "The list that begins here is not closed where the next line begins something "
                   "else.",
                   span_of(value.substr(0, 1)));
    }
    if (offset_ >= text_.size() && offset_ > line_end_) {
      return error("Text without its closing quote", "The text that begins here never ends.",
                   span_of(value.substr(0, std::min<std::size_t>(3, value.size()))));
    }
    if (value.starts_with('{')) {
      if (auto wrong = explain_braces(value)) return wrong;
    }
    return explain_token(value_begin);
  }

  /// A table in braces that holds a key twice, or a comma too many.
  Found explain_braces(std::string_view value) {
    const auto until = std::min(offset_ - span_of(value).begin, value.size());
    const auto front = trimmed(value.substr(0, until));
    if (front.ends_with(',') && value.substr(until).starts_with('}')) {
      return error("Comma in front of the closing brace",
                   "A table in braces has commas between its entries only: take the last one out.",
                   span_of(front.substr(front.size() - 1)));
    }
    if (!front.ends_with('=')) return std::nullopt;
    const auto last = front.find_last_of("{,");
    const auto key = trimmed(front.substr(last + 1, front.size() - last - 2));
    for (auto at = front.find(key); at < last; at = front.find(key, at + 1)) {
      const bool begins = at > 0 && std::string_view("{, ").find(front[at - 1]) != front.npos;
      const auto behind = trimmed(front.substr(at + key.size()));
      if (!begins || !behind.starts_with('=')) continue;
      return with_note(error("Key twice",
                             fmt::format("\"{}\" stands in these braces twice. Keep one "
                                         "of the two.",
                                         key),
                             span_of(key)),
                       "it stands here first", span_of(front.substr(at, key.size())));
    }
    return std::nullopt;
  }

  Found open_braces(std::string_view value) {
    const auto key = trimmed(statement_.substr(0, find_equals()));
    auto header = current_header();
    const auto own = key_names(key);
    header.insert(header.end(), own.begin(), own.end());
    return error(
        "Braces over several lines",
        fmt::format("A table in braces ends in its line. Write a header [{}] with one line "
                    "for each key, or dotted lines {}.KEY = VALUE.",
                    joined(header), key),
        span_of(value.substr(0, 1)));
  }

  Found explain_token(std::size_t value_begin) {
    const auto token = token_at(value_begin);
    if (token.find(" = ") != std::string_view::npos && token.find('"') != 0) {
      return error("Two entries in one line", "Each key with its value has a line of its own.",
                   span_of(token));
    }
    const bool in_list = trimmed(text_.substr(value_begin)).starts_with('[');
    if (token.empty() && in_list && offset_ < text_.size()) {
      return error("Missing value", "A value must stand in front of each comma of a list.",
                   span(offset_, offset_ + 1));
    }
    auto hint = hint_for_value(token);
    if (!hint) return behind_text(token);
    const auto place = token.empty() ? span(value_begin - 1, value_begin) : span_of(token);
    return error(std::move(hint->summary), std::move(hint->detail), place);
  }

  /// A text that is closed, and then something follows.
  Found behind_text(std::string_view token) {
    const bool quoted = token.starts_with('"') || token.starts_with('\'');
    const auto at = offset_ - span_of(token).begin;
    if (!quoted || at == 0 || at >= token.size()) return std::nullopt;
    const auto rest = token.substr(at);
    const bool another = rest.starts_with('"') || rest.starts_with('\'');
    return error(another ? "Comma missing" : "Text behind a value",
                 another ? "The elements of a list stand apart with commas."
                         : "A value ends where its quote closes; a comment begins with \"#\".",
                 span_of(rest));
  }

  /// The value, or the element of a list or braces, that the error lies in.
  std::string_view token_at(std::size_t value_begin) const {
    const auto line_begin = text_.rfind('\n', offset_ == 0 ? 0 : offset_ - 1);
    auto begin = std::max(value_begin, line_begin == std::string_view::npos ? 0 : line_begin + 1);
    const auto first = trimmed(text_.substr(begin, line_end_ > begin ? line_end_ - begin : 0));
    const bool nested = first.starts_with('[') || first.starts_with('{') || begin > value_begin;
    auto end = std::min(text_.find('\n', std::max(begin, offset_)), text_.size());
    if (nested) {
      const auto open = text_.find_last_of("[{,=", offset_ > 0 ? offset_ - 1 : 0);
      if (open != std::string_view::npos && open + 1 > begin) begin = open + 1;
      end = std::min(end, text_.find_first_of(",]}", std::max(begin, offset_)));
    }
    auto token = text_.substr(begin, end - begin);
    if (!trimmed(token).starts_with('"')) token = token.substr(0, token.find('#'));
    return trimmed(token);
  }

  std::string_view text_;
  std::uint32_t file_;
  const TomlError& failure_;
  std::size_t offset_;
  std::size_t begin_ = 0;
  std::size_t line_end_ = 0;
  std::string_view statement_;
  NodePtr before_;
};

}  // namespace

Diagnostic explain_syntax_error(std::string_view text, std::uint32_t file,
                                const TomlError& failure) {
  return SyntaxError(text, file, failure).explain();
}

}  // namespace pveplan::schema
