#include "lab/core/request.hpp"

#include "lab/core/text.hpp"

namespace pveplan::lab {

std::optional<std::string> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace pveplan::lab
