#pragma once

#include "lab/core/request.hpp"
#include "lab/core/tasks.hpp"
#include "lab/world/world.hpp"

#include <optional>
#include <string>

namespace pveplan::lab {

/// Answers a request, after the world's fault script had its say.
Answer answer_with_faults(World& world, const Request& request);

/// The text with which a task of that type must fail now, if the script says so.
std::optional<std::string> drawn_task_failure(World& world, const std::string& type);

// Work that the script schedules.
PhaseResult run_late_request(Work& work);
PhaseResult bring_node_up(Work& work);

}  // namespace pveplan::lab
