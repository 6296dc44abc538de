#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pveplan::cli {

/// One command as help, man page and completion tell it.
struct CommandSpec {
  std::string name;       ///< "state show"
  std::string arguments;  ///< "ADDRESS"
  std::string summary;
  std::string description;
  std::vector<std::string> options;  ///< long names it takes besides the common ones
  std::vector<std::string> examples;
  std::size_t least_arguments = 0;
  std::size_t most_arguments = 0;
  bool hidden = false;                    ///< not listed: for those who build packages
  std::vector<std::string> formats = {};  ///< of --format, the default first

  bool takes(std::string_view option) const;
};

/// All commands in the order in which help lists them.
const std::vector<CommandSpec>& commands();
const CommandSpec* find_command(std::string_view name);

}  // namespace pveplan::cli
