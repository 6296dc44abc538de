#include "engine/cli/review.hpp"

#include "engine/cli/trace_file.hpp"
#include "engine/view/event_stream.hpp"

#include <fmt/chrono.h>

namespace pveplan::cli {

async::Task<std::unique_ptr<Review>> review(Program& program, Options options) {
  auto result = std::make_unique<Review>();
  result->workspace = open_workspace(program, options);
  if (!result->workspace) co_return nullptr;
  auto& workspace = *result->workspace;
  const auto& sources = workspace.sources();
  auto loaded = workspace.store().load();
  if (!loaded) {
    print_diagnostic(program, options, sources, loaded.error());
    co_return nullptr;
  }
  print_diagnostics(program, options, sources, loaded->warnings);
  TraceFile trace(program.host.files, options.trace_file);
  auto connected = co_await workspace.connect(trace.sink());
  if (!connected) {
    print_diagnostic(program, options, sources, connected.error());
    co_return nullptr;
  }
  engine::EventSink quiet;
  const auto services = workspace.services(program.events != nullptr ? *program.events : quiet);
  const auto request = request_of(options);
  const auto& topology = workspace.topology();
  auto prepared = co_await engine::plan_now(services, topology, loaded->state, request);
  if (!prepared) {
    print_diagnostics(program, options, sources, prepared.error());
    co_return nullptr;
  }
  for (const auto& each : prepared->warnings) print_diagnostic(program, options, sources, each);
  result->prepared = std::move(*prepared);
  result->state = std::move(loaded->state);
  co_return result;
}

engine::PlanRequest request_of(const Options& options) {
  engine::PlanRequest request;
  if (options.command == "destroy" || options.plan_destroy) request.mode = model::PlanMode::destroy;
  if (options.command == "refresh" || options.refresh_only) request.mode = model::PlanMode::refresh;
  request.refresh = options.refresh;
  request.allow_data_loss = options.allow_data_loss;
  request.restart = options.restart;
  request.only_looks = options.command == "drift";
  request.targets = options.targets;
  request.excludes = options.excludes;
  request.replace = options.replaces;
  return request;
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

}  // namespace pveplan::cli
