#pragma once

#include "lab/core/parameters.hpp"

#include <string_view>

namespace pveplan::lab {

/// Reads a form body or a query with the server's habits: pairs end at `&` and `;`, of several `=`
/// only the first two pieces count, a bare key is undefined, a repeated key becomes a list.
Parameters::Map decode_form(std::string_view text);

/// Where a JSON text breaks, told as the server's JSON library does; empty when it is well-formed.
std::string json_complaint(std::string_view text);

}  // namespace pveplan::lab
