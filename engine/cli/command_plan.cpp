#include "engine/cli/commands.hpp"
#include "engine/cli/plan_output.hpp"
#include "engine/cli/plan_secrets.hpp"
#include "engine/cli/trace_file.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/plan_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace pveplan::cli {

namespace {

int exit_code_of(const model::Plan& plan, const Options& options) {
  if (plan.partial()) return kPartial;
  return options.detailed_exit_code && !plan.empty() ? kChanges : kSuccess;
}

engine::SavedPlan saved_from(const Program& program, const schema::Topology& topology,
                             engine::PreparedPlan prepared) {
  engine::SavedPlan saved;
  saved.plan = std::move(prepared.plan);
  saved.silent_rows = std::move(prepared.silent_rows);
  for (const auto& each : topology.variables)
    saved.variables.push_back({each.name, each.value, each.origin});
  saved.program = program_version();
  saved.created_at =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(program.host.clock.wall())));
  return saved;
}

std::string how_to_apply(const Options& options) {
  return fmt::format("\nSaved. Apply exactly this plan with: pveplan {}apply {}\n",
                     options.directory.empty() ? "" : "-C " + options.directory + " ",
                     options.plan_file);
}

}  // namespace

async::Task<int> run_plan(Program& program, Options options) {
  auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto& sources = workspace->sources();
  const auto& topology = workspace->topology();
  auto loaded = workspace->store().load();
  if (!loaded) {
    print_diagnostic(program, options, sources, loaded.error());
    co_return kError;
  }
  print_diagnostics(program, options, sources, loaded->warnings);
  TraceFile trace(program.host.files, options.trace_file);
  auto connected = co_await workspace->connect(trace.sink());
  if (!connected) {
    print_diagnostic(program, options, sources, connected.error());
    co_return kError;
  }
  engine::EventSink quiet;
  const auto services = workspace->services(quiet);
  engine::PlanRequest request;
  if (options.plan_destroy) request.mode = model::PlanMode::destroy;
  request.allow_data_loss = options.allow_data_loss;
  request.restart = options.restart;
  auto prepared = co_await engine::plan_now(services, topology, loaded->state, request);
  if (!prepared) {
    print_diagnostics(program, options, sources, prepared.error());
    co_return kError;
  }
  for (const auto& each : prepared->warnings) print_diagnostic(program, options, sources, each);
  PlanSecrets secrets(program, topology);
  auto saved = saved_from(program, topology, std::move(*prepared));
  const bool saves = !options.plan_file.empty();
  schema::Result<void> written;
  auto ready = co_await secrets.load();
  if (!ready) {
    print_diagnostic(program, options, sources, ready.error());
    co_return kError;
  }
  if (saves || options.format != "text") {
    saved.plan.origin.topology_digest = engine::topology_digest(topology);
    engine::identify(saved, secrets.digest());
  }
  if (saves) {
    const auto bytes = engine::write_plan_file(saved, secrets.digest());
    written = secrets.problem() ? std::unexpected(*secrets.problem())
                                : write_plan_bytes(program, options.plan_file, bytes);
  }
  program.out(plan_output(program, options, saved));
  if (!written) {
    print_diagnostic(program, options, sources, written.error());
    co_return kError;
  }
  if (saves && options.format == "text") program.out(how_to_apply(options));
  const int exit_code = exit_code_of(saved.plan, options);
  program.leave(exit_code);
  co_return exit_code;
}

}  // namespace pveplan::cli
