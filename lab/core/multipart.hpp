#pragma once

#include "lab/core/parameters.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::lab {

/// A file that came with a request, and the place where the server puts it meanwhile.
struct Upload {
  std::string name;
  std::string_view bytes;  ///< of the request's body
  std::string temporary;
};

struct Multipart {
  Parameters::Map fields;
  std::optional<Upload> file;
};

/// Reads a form with a file as the server does: fields first, and nothing that stands behind the
/// file. nullopt when the type names no boundary or the body has none.
std::optional<Multipart> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace pveplan::lab
