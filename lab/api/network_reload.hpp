#pragma once

#include "lab/core/call.hpp"
#include "lab/core/tasks.hpp"

namespace pveplan::lab {

/// Starts the task that makes waiting network changes current; gives its UPID.
std::string start_network_reload(Call& call);

PhaseResult reload_network(Work& work);

}  // namespace pveplan::lab
