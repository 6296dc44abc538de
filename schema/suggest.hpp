#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pveplan::schema {

/// Edit distance in which a swap of neighbours counts once (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// At most three candidates that a person may have meant, nearest first, equal ones in alphabetical
/// order. How far a candidate may be away grows with the length of the word.
std::vector<std::string> suggestions(std::string_view word,
                                     const std::vector<std::string>& candidates);

/// ` Did you mean "memory"?` with its blank in front, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// `a`, `a and b`, `a, b and c`.
std::string join_words(const std::vector<std::string>& words, std::string_view last = "and");

/// `"a", "b" or "c"`; of a long list its beginning.
std::string quoted_list(const std::vector<std::string>& words, std::string_view last = "or");

}  // namespace pveplan::schema
