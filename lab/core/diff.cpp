#include "lab/core/diff.hpp"

#include "lab/core/text.hpp"

#include <fmt/format.h>

namespace pveplan::lab {
namespace {

constexpr std::size_t kContext = 3;

struct Line {
  char mark;  ///< ' ', '-' or '+'
  std::string text;
};

using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
  Lines lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// Length of the longest common subsequence of the rests from (i, j) on.
std::vector<std::vector<std::size_t>> common_lengths(const Lines& a, const Lines& b) {
  std::vector table(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      table[i][j] =
          a[i] == b[j] ? table[i + 1][j + 1] + 1 : std::max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

std::vector<Line> edit_script(const Lines& a, const Lines& b) {
  const auto common = common_lengths(a, b);
  std::vector<Line> script;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      script.push_back({' ', a[i++]});
      ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      script.push_back({'-', a[i++]});
    } else {
      script.push_back({'+', b[j++]});
    }
  }
  return script;
}

/// Lines in [first, last) of the script, with where they stand in both texts.
std::string hunk_text(const std::vector<Line>& script, std::size_t first, std::size_t last) {
  std::size_t old_start = 1;
  std::size_t new_start = 1;
  for (std::size_t k = 0; k < first; ++k) {
    old_start += script[k].mark != '+';
    new_start += script[k].mark != '-';
  }
  std::size_t old_count = 0;
  std::size_t new_count = 0;
  std::string body;
  for (std::size_t k = first; k < last; ++k) {
    old_count += script[k].mark != '+';
    new_count += script[k].mark != '-';
    body += fmt::format("{}{}\n", script[k].mark, script[k].text);
  }
  return fmt::format("@@ -{},{} +{},{} @@\n{}", old_start, old_count, new_start, new_count, body);
}

}  // namespace

std::string unified_hunks(std::string_view before, std::string_view after) {
  const std::vector<Line> script = edit_script(lines_of(before), lines_of(after));
  std::string text;
  std::size_t at = 0;
  while (at < script.size()) {
    if (script[at].mark == ' ') {
      ++at;
      continue;
    }
    const std::size_t first = at > kContext ? at - kContext : 0;
    std::size_t last_change = at;
    for (std::size_t k = at; k < script.size() && k <= last_change + 2 * kContext + 1; ++k) {
      if (script[k].mark != ' ') last_change = k;
    }
    const std::size_t last = std::min(script.size(), last_change + 1 + kContext);
    text += hunk_text(script, first, last);
    at = last;
  }
  return text;
}

}  // namespace pveplan::lab
