#pragma once

#include "engine/cli/program.hpp"

namespace pveplan::cli {

// One function a command; each stands in a file of its own and returns an exit code.
async::Task<int> run_init(Program& program, Options options);
async::Task<int> run_validate(Program& program, Options options);
async::Task<int> run_plan(Program& program, Options options);
async::Task<int> run_apply(Program& program, Options options);  ///< also `destroy` and `refresh`
async::Task<int> run_drift(Program& program, Options options);
async::Task<int> run_lock(Program& program, Options options);
async::Task<int> run_output(Program& program, Options options);
async::Task<int> run_show(Program& program, Options options);
async::Task<int> run_state_list(Program& program, Options options);
async::Task<int> run_state_show(Program& program, Options options);
async::Task<int> run_state_rm(Program& program, Options options);
async::Task<int> run_schema(Program& program, Options options);
async::Task<int> run_state_mv(Program& program, Options options);
async::Task<int> run_state_pull(Program& program, Options options);
async::Task<int> run_state_push(Program& program, Options options);
async::Task<int> run_state_rebuild(Program& program, Options options);
async::Task<int> run_state_accept(Program& program, Options options);
async::Task<int> run_state_unlock(Program& program, Options options);
async::Task<int> run_graph(Program& program, Options options);
/// Any command, without the events of --json and --json-into; run_command() adds them.
async::Task<int> run_plain_command(Program& program, Options options);
/// All of `lab …`. `lab serve` holds the loop until a signal ends it.
async::Task<int> run_lab(Program& program, Options options);

}  // namespace pveplan::cli
