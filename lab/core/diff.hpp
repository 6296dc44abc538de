#pragma once

#include <string>
#include <string_view>

namespace pveplan::lab {

/// The hunks of a unified diff with three lines of context, without the two header lines; empty
/// when the texts are equal.
std::string unified_hunks(std::string_view before, std::string_view after);

}  // namespace pveplan::lab
