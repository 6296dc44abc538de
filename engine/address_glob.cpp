#include "engine/address_glob.hpp"

#include "schema/glob.hpp"

#include <algorithm>

namespace pveplan::engine {

namespace {

/// The brackets of an address hold a key.
bool fits(std::string_view text, std::string_view pattern) {
  return schema::fits_pattern(text, pattern, schema::Brackets::literal);
}

}  // namespace

bool matches_glob(const schema::ResourceAddress& address, std::string_view pattern) {
  return fits(address.text(), pattern) || fits(address.shell_text(), pattern);
}

bool matches_any_glob(const schema::ResourceAddress& address,
                      const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&address](const std::string& pattern) {
    return matches_glob(address, pattern);
  });
}

bool is_named_by(const schema::ResourceAddress& address, std::string_view pattern) {
  return matches_glob(address, pattern) || matches_glob(address.group(), pattern);
}

bool is_named_by_any(const schema::ResourceAddress& address,
                     const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&address](const std::string& pattern) {
    return is_named_by(address, pattern);
  });
}

}  // namespace pveplan::engine
