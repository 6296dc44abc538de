#pragma once

#include "engine/cli/program.hpp"
#include "engine/saved_plan.hpp"

#include <optional>
#include <string>

namespace pveplan::cli {

/// The plan in the format that the options ask for.
std::string plan_output(const Program& program, const Options& options,
                        const engine::SavedPlan& saved);

/// The bytes of a plan file, or what stands in the way.
schema::Result<std::string> read_plan_bytes(Program& program, const std::string& path);

/// Writes a plan file so that a crash leaves the old one or the new one, mode 0600.
schema::Result<void> write_plan_bytes(Program& program, const std::string& path,
                                      const std::string& bytes);

}  // namespace pveplan::cli
