#include "schema/syntax_hints.hpp"

namespace pveplan::schema {

Diagnostic explain_syntax_error(std::string_view text, std::uint32_t file,
                                const TomlError& failure) {
  const auto end =
      std::min<std::uint32_t>(failure.offset + 1, static_cast<std::uint32_t>(text.size()));
  return error("Invalid TOML", "The file is no valid TOML here: " + failure.message + ".",
               {file, std::min(failure.offset, end), end});
}

}  // namespace pveplan::schema
