#include "tests/schema/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <sstream>

namespace pveplan::tests {
namespace {

using Lines = std::vector<std::string>;

/// `key = value` in one line.
struct Entry {
  std::size_t line = 0;
  std::string block;  ///< the header above: "vm.nas.disk.media"
  std::string key, value;
};

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

bool is_quoted(const std::string& value) {
  return value.size() > 2 && value.front() == '"' && value.find('"', 1) == value.size() - 1;
}
bool is_number(const std::string& value) {
  return !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
}
bool is_truth(const std::string& value) { return value == "true" || value == "false"; }
bool is_quantity(const std::string& value) {
  return is_quoted(value) && std::isdigit(static_cast<unsigned char>(value[1])) != 0 &&
         std::isalpha(static_cast<unsigned char>(value[value.size() - 2])) != 0 &&
         value.find_first_of("/.:-") == std::string::npos;
}

/// Two neighbours that differ change places, as fingers do; empty where there are none.
std::string swapped(const std::string& word) {
  for (std::size_t at = word.size() / 2; at + 1 < word.size(); ++at) {
    if (word[at] == word[at + 1]) continue;
    auto result = word;
    std::swap(result[at], result[at + 1]);
    return result;
  }
  return {};
}

class MistakeMaker {
 public:
  MistakeMaker(const std::string& text, const std::set<std::string>& skipped,
               const std::set<std::size_t>& refused)
      : lines_(lines_of(text)), skipped_(skipped), refused_(refused) {}

  std::vector<Mistake> make() {
    read();
    for (const auto& entry : entries_) {
      rename(entry);
      change_type(entry);
      change_unit(entry);
      point_nowhere(entry);
      misspell_choice(entry);
      leave_out(entry);
      repeat(entry);
    }
    for (const auto& [line, header] : headers_) spoil_header(line, header);
    swallow();
    return std::move(mistakes_);
  }

 private:
  bool is_skipped(const std::string& block) const {
    return std::any_of(skipped_.begin(), skipped_.end(), [&block](const std::string& each) {
      return block == each || block.starts_with(each + ".");
    });
  }

  void read() {
    std::string block;
    bool open = false;  // inside of a list over several lines
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      const auto& line = lines_[at];
      if (open) {
        open = line.find(']') == std::string::npos;
        continue;
      }
      if (line.starts_with("[")) {
        const auto begin = line.find_first_not_of('[');
        block = line.substr(begin, line.find(']') - begin);
        if (!line.starts_with("[[")) headers_.emplace_back(at, block);
        continue;
      }
      const auto equals = line.find(" = ");
      if (line.empty() || line.starts_with('#') || equals == std::string::npos) continue;
      const auto value = line.substr(equals + 3);
      open = value.starts_with('[') && value.find(']') == std::string::npos;
      if (open || is_skipped(block) || refused_.contains(at + 1)) continue;
      entries_.push_back({at, block, line.substr(0, equals), value});
    }
  }

  void add(const char* kind, std::size_t at, std::string line) {
    auto lines = lines_;
    lines[at] = std::move(line);
    mistakes_.push_back({kind, joined(lines), at + 1});
  }
  void add_value(const char* kind, const Entry& entry, const std::string& value) {
    add(kind, entry.line, entry.key + " = " + value);
  }

  /// Names of disks, NICs and keys are the user's own: what stands in front of them is renamed.
  void rename(const Entry& entry) {
    const auto dot = entry.key.find('.');
    const bool named_part = entry.value.starts_with('{') && dot != std::string::npos &&
                            (entry.key.starts_with("disk.") || entry.key.starts_with("nic."));
    const auto begin = named_part ? 0 : entry.key.rfind('.') + 1;
    const auto end = named_part ? dot : entry.key.size();
    const auto word = entry.key.substr(begin, end - begin);
    const auto other = word.size() < 3 ? std::string() : swapped(word);
    if (!other.empty()) {
      add("renamed key", entry.line,
          entry.key.substr(0, begin) + other + entry.key.substr(end) + " = " + entry.value);
      add("key without its last letter", entry.line,
          entry.key.substr(0, end - 1) + entry.key.substr(end) + " = " + entry.value);
    }
    const bool by_node = entry.key == "vmid";
    const auto equals = entry.value.find(" = ");
    if (!entry.value.starts_with("{ ") || equals == std::string::npos || by_node) return;
    const auto inner = swapped(entry.value.substr(2, equals - 2));
    if (!inner.empty())
      add_value("renamed key in braces", entry, "{ " + inner + entry.value.substr(equals));
  }

  void change_type(const Entry& entry) {
    const bool free = entry.key == "value" || entry.key == "default";
    if (free) return;
    if (is_quoted(entry.value) && !is_quantity(entry.value))
      add_value("number for a text", entry, "7");
    if (is_number(entry.value)) add_value("word for a number", entry, "\"seven\"");
    if (is_number(entry.value)) add_value("quoted number", entry, '"' + entry.value + '"');
    if (is_truth(entry.value)) add_value("word for a truth value", entry, "\"maybe\"");
    if (is_truth(entry.value)) add_value("yes", entry, "yes");
    if (is_truth(entry.value)) add_value("capital truth value", entry, "True");
    if (entry.value.starts_with('[')) add_value("number for a list", entry, "7");
    if (entry.value.starts_with('[')) add_value("text for a list", entry, "\"seven\"");
    if (entry.value.starts_with('{')) add_value("text for a table", entry, "\"seven\"");
  }

  void change_unit(const Entry& entry) {
    if (!is_quantity(entry.value)) return;
    const auto inside = entry.value.substr(1, entry.value.size() - 2);
    const auto number = inside.substr(0, inside.find_first_not_of("0123456789"));
    add_value("size without quotes", entry, inside);
    add_value("bare number for a size", entry, number);
    add_value("size without a unit", entry, '"' + number + '"');
    add_value("unknown unit", entry, '"' + number + " Gigs\"");
    add_value("negative size", entry, "\"-" + inside + '"');
  }

  void point_nowhere(const Entry& entry) {
    const auto replace = [&](const char* kind, const std::string& what, const std::string& with) {
      const auto at = entry.value.find(what);
      if (at == std::string::npos) return;
      auto value = entry.value;
      value.replace(at, what.size(), with);
      add_value(kind, entry, value);
    };
    const auto last = entry.key.substr(entry.key.rfind('.') + 1);
    const bool name = last == "template" || last == "image" || last == "pool";
    if (name && is_quoted(entry.value) && entry.value.find("${") == std::string::npos)
      replace("dangling name", entry.value, entry.value.substr(0, entry.value.size() - 1) + "x\"");
    if (last == "use") replace("dangling profile", "[\"", "[\"x");
    replace("dangling pool", "\"pool:", "\"pool:x");
    replace("dangling variable", "${var.", "${var.x");
    replace("dangling reference", "${vm.", "${vm.x");
    replace("unknown attribute in a reference", ".ip}", ".ipp}");
    replace("open reference", "}\"", "\"");
  }

  void misspell_choice(const Entry& entry) {
    static constexpr std::array kChoices = {"placement", "clone",   "bios",      "guest_agent",
                                            "restart",   "use_for", "on_remove", "type"};
    const bool choice = std::find(kChoices.begin(), kChoices.end(), entry.key) != kChoices.end();
    const auto other = choice && is_quoted(entry.value) ? swapped(entry.value) : std::string();
    if (!other.empty() && is_quoted(other)) add_value("misspelled choice", entry, other);
  }

  void leave_out(const Entry& entry) {
    const auto& value = entry.value;
    if (is_quoted(value)) {
      add_value("text without quotes", entry, value.substr(1, value.size() - 2));
      add_value("open quote", entry, value.substr(0, value.size() - 1));
    }
    if (value.starts_with('[')) {
      add_value("open list", entry, value.substr(0, value.size() - 1));
      if (const auto comma = value.find("\", \""); comma != std::string::npos)
        add_value("list without a comma", entry,
                  value.substr(0, comma + 1) + value.substr(comma + 2));
      if (value.starts_with("[\"") && value.ends_with("\"]"))
        add_value("list without brackets", entry, value.substr(1, value.size() - 2));
    }
    if (value.starts_with('{')) {
      add_value("open table", entry, value.substr(0, value.size() - 2));
      if (const auto comma = value.find(", "); comma != std::string::npos)
        add_value("table without a comma", entry, value.substr(0, comma) + value.substr(comma + 1));
    }
    add("no equals sign", entry.line, entry.key + " " + value);
    add("colon for an equals sign", entry.line, entry.key + ": " + value);
    add("no value", entry.line, entry.key + " =");
  }

  void repeat(const Entry& entry) {
    auto lines = lines_;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(entry.line) + 1, lines_[entry.line]);
    mistakes_.push_back({"repeated line", joined(lines), entry.line + 2});
  }

  void spoil_header(std::size_t at, const std::string& header) {
    auto lines = lines_;
    lines.push_back("[" + header + "]");
    mistakes_.push_back({"repeated header", joined(lines), lines.size()});
    add("open header", at, "[" + header);
    if (is_skipped(header) || refused_.contains(at + 1)) return;
    const auto dot = header.find('.');
    const auto other = swapped(header.substr(0, dot));
    const bool named = dot != std::string::npos;
    if (!other.empty())
      add("misspelled block", at, "[" + other + (named ? header.substr(dot) : "") + "]");
  }

  /// A line of a block that got below the header of one of its parts.
  void swallow() {
    for (const auto& entry : entries_) {
      static constexpr std::array kBoth = {"count"};  // disks have it too
      if (std::find(kBoth.begin(), kBoth.end(), entry.key) != kBoth.end()) continue;
      for (const auto& [line, header] : headers_) {
        const bool guest = entry.block.starts_with("vm.") || entry.block.starts_with("template.");
        if (!guest || !header.starts_with(entry.block + ".")) continue;
        auto lines = lines_;
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(line) + 1, lines_[entry.line]);
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(entry.line));
        mistakes_.push_back({"swallowed line", joined(lines), line + 1});
      }
    }
  }

  const Lines lines_;
  const std::set<std::string>& skipped_;
  const std::set<std::size_t>& refused_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::size_t, std::string>> headers_;
  std::vector<Mistake> mistakes_;
};

}  // namespace

std::vector<Mistake> mistakes_in(const std::string& text, const std::set<std::string>& skipped,
                                 const std::set<std::size_t>& refused) {
  return MistakeMaker(text, skipped, refused).make();
}

}  // namespace pveplan::tests
