#pragma once

#include "engine/cli/workspace.hpp"

#include <memory>

namespace pveplan::cli {

/// Takes the state's lock as the options say, waiting for another run when they allow it, and
/// prints what a person should know; null after an error, which is printed too. Whoever gets a
/// session ends it with end_session(), whatever happens: the lock of a server does not end with the
/// process.
async::Task<std::unique_ptr<state::Session>> begin_session(Program& program, const Options* options,
                                                           Workspace& workspace,
                                                           bool replacing = false);

/// Ends it, unless it has ended; false after an error, which is printed.
async::Task<bool> end_session(Program& program, const Options* options, Workspace& workspace,
                              state::Session& session);

}  // namespace pveplan::cli
