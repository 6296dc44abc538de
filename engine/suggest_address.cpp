#include "engine/suggest_address.hpp"

#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <set>

namespace pveplan::engine {
namespace {

/// What stands behind the type: "web[1]".
std::string_view name_of(std::string_view address) {
  const auto dot = address.find('.');
  return dot == address.npos ? address : address.substr(dot + 1);
}

bool is_near(std::string_view typed, std::string_view candidate) {
  return schema::edit_distance(typed, candidate) <= 1 ||
         !schema::suggestions(typed, {std::string(candidate)}).empty();
}

}  // namespace

std::string did_you_mean_address(std::string_view typed,
                                 const std::vector<schema::ResourceAddress>& known) {
  std::set<std::string> candidates;
  for (const auto& address : known) {
    candidates.insert(address.group().text());
    candidates.insert(typed.find('[') == typed.npos ? address.shell_text() : address.text());
  }
  std::vector<std::string> near;
  for (const auto& each : candidates) {
    if (is_near(name_of(typed), name_of(each))) near.push_back(each);
  }
  const bool lacks_type = typed.find('.') == typed.npos && !near.empty() && near.size() <= 3;
  if (lacks_type) return fmt::format(" Did you mean {}?", schema::quoted_list(near));
  return schema::did_you_mean(typed, near);
}

}  // namespace pveplan::engine
