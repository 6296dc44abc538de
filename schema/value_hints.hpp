#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::schema {

/// What is wrong with a value that the parser refused, and what to write instead.
struct ValueHint {
  std::string summary;
  std::string detail;
};

/// Judges one value as it stands in a file, without its comment: `40GiB`, `yes`, `10.0.0.0/24`.
std::optional<ValueHint> hint_for_value(std::string_view token);

}  // namespace pveplan::schema
