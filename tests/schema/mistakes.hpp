#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace pveplan::tests {

/// A topology's text with one small mistake in it.
struct Mistake {
  std::string kind;  ///< "renamed key"
  std::string text;
  std::size_t line = 0;  ///< where a person would say that it is, from 1
};

/// Every mistake of every kind that the lines of a text offer. Lines inside of blocks whose header
/// is in `skipped` ("container.proxy"), and lines that hold one of `refused`, are left alone:
/// nobody looks at what they say. The same text gives the same mistakes.
std::vector<Mistake> mistakes_in(const std::string& text, const std::set<std::string>& skipped,
                                 const std::set<std::size_t>& refused);

}  // namespace pveplan::tests
