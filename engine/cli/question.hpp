#pragma once

#include "engine/cli/program.hpp"

#include <string>

namespace pveplan::cli {

/// Asks whether that shall be done; only "yes" means yes. Prints why not, also where there is no
/// terminal to ask on. --auto-approve answers for the person.
async::Task<bool> confirmed(Program& program, const Options& options, std::string question);

}  // namespace pveplan::cli
