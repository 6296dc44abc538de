#include "engine/cli/commands.hpp"
#include "engine/cli/trace_file.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/view/plan_text.hpp"

namespace pveplan::cli {

namespace {

int exit_code_of(const model::Plan& plan, const Options& options) {
  if (plan.partial()) return kPartial;
  return options.detailed_exit_code && !plan.empty() ? kChanges : kSuccess;
}

}  // namespace

async::Task<int> run_plan(Program& program, Options options) {
  auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  auto loaded = workspace->store().load();
  if (!loaded) {
    print_diagnostic(program, options, workspace->sources(), loaded.error());
    co_return kError;
  }
  print_diagnostics(program, options, workspace->sources(), loaded->warnings);
  TraceFile trace(program.host.files, options.trace_file);
  auto connected = co_await workspace->connect(trace.sink());
  if (!connected) {
    print_diagnostic(program, options, workspace->sources(), connected.error());
    co_return kError;
  }
  engine::EventSink quiet;
  const auto services = workspace->services(quiet);
  engine::PlanRequest request;
  request.allow_data_loss = options.allow_data_loss;
  request.restart = options.restart;
  auto prepared =
      co_await engine::plan_now(services, workspace->topology(), loaded->state, request);
  if (!prepared) {
    print_diagnostics(program, options, workspace->sources(), prepared.error());
    co_return kError;
  }
  for (const auto& each : prepared->warnings)
    print_diagnostic(program, options, workspace->sources(), each);
  view::PlanTextOptions look;
  look.colour = program.colour(options);
  program.out(view::plan_text(prepared->plan, program.known.schemas(), look));
  co_return exit_code_of(prepared->plan, options);
}

}  // namespace pveplan::cli
