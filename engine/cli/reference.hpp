#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pveplan::cli {

/// The manual page in roff, made from the command table: docs/man/pveplan.1.
std::string man_page();

/// A completion script for "bash", "zsh" or "fish", made from the command table; nullopt for other
/// shells.
std::optional<std::string> completion_script(std::string_view shell);

}  // namespace pveplan::cli
