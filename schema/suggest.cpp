#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace pveplan::schema {
namespace {

constexpr std::size_t kMostSuggestions = 3;
constexpr std::size_t kLongestWord = 64;  // longer ones are no slips of the finger
constexpr std::size_t kLongestList = 12;

std::size_t allowed_distance(std::size_t length) {
  if (length <= 2) return 0;
  if (length <= 4) return 1;
  if (length <= 8) return 2;
  return 3;
}

std::string folded(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::vector<std::string> suggestions(std::string_view word,
                                     const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongestWord) return {};
  const auto limit = allowed_distance(word.size());
  const auto wanted = folded(word);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& candidate : candidates) {
    const auto difference = candidate.size() > word.size() ? candidate.size() - word.size()
                                                           : word.size() - candidate.size();
    if (difference > limit) continue;
    const auto distance = edit_distance(wanted, folded(candidate));
    if (distance <= limit && candidate != word) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> result;
  for (auto& [distance, candidate] : near) {
    if (result.size() == kMostSuggestions) break;
    result.push_back(std::move(candidate));
  }
  return result;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = suggestions(word, candidates);
  return near.empty() ? std::string() : fmt::format(" Did you mean {}?", quoted_list(near));
}

std::string join_words(const std::vector<std::string>& words, std::string_view last) {
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) result += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    result += words[i];
  }
  return result;
}

std::string quoted_list(const std::vector<std::string>& words, std::string_view last) {
  std::vector<std::string> quoted;
  for (const auto& word : words) {
    if (quoted.size() == kLongestList) {
      quoted.push_back(fmt::format("{} more", words.size() - kLongestList));
      break;
    }
    quoted.push_back(fmt::format("\"{}\"", word));
  }
  return join_words(quoted, last);
}

}  // namespace pveplan::schema
