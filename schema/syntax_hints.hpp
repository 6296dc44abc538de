#pragma once

#include "schema/diagnostic.hpp"
#include "schema/toml_tree.hpp"

#include <string_view>

namespace pveplan::schema {

/// Says what a person probably meant where the TOML library gave up. Works on the text alone: the
/// library's own words differ between its versions and are the last resort.
Diagnostic explain_syntax_error(std::string_view text, std::uint32_t file,
                                const TomlError& failure);

}  // namespace pveplan::schema
