#include "engine/address_glob.hpp"

#include <algorithm>

namespace pveplan::engine {

namespace {

bool glob(std::string_view pattern, std::string_view text) {
  constexpr auto kNone = std::string_view::npos;
  std::size_t in_pattern = 0, in_text = 0;
  std::size_t star = kNone, resume = 0;  // where to go on when the last star has to take more
  while (in_text < text.size()) {
    const char wanted = in_pattern < pattern.size() ? pattern[in_pattern] : '\0';
    if (wanted == '*') {
      star = in_pattern++;
      resume = in_text;
    } else if (in_pattern < pattern.size() && (wanted == '?' || wanted == text[in_text])) {
      ++in_pattern;
      ++in_text;
    } else if (star != kNone) {
      in_pattern = star + 1;
      in_text = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == kNone;
}

}  // namespace

bool matches_glob(const schema::ResourceAddress& address, std::string_view pattern) {
  return glob(pattern, address.text()) || glob(pattern, address.shell_text());
}

bool matches_any_glob(const schema::ResourceAddress& address,
                      const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&address](const std::string& pattern) {
    return matches_glob(address, pattern);
  });
}

bool names_resource(std::string_view pattern, const schema::ResourceAddress& address) {
  return matches_glob(address, pattern) || matches_glob(address.group(), pattern);
}

bool any_names_resource(const std::vector<std::string>& patterns,
                        const schema::ResourceAddress& address) {
  return std::any_of(patterns.begin(), patterns.end(), [&address](const std::string& pattern) {
    return names_resource(pattern, address);
  });
}

}  // namespace pveplan::engine
