#include "engine/cli/review.hpp"

#include "engine/cli/server_notices.hpp"
#include "engine/cli/state_session.hpp"
#include "engine/cli/trace_file.hpp"
#include "engine/view/event_stream.hpp"

#include <fmt/chrono.h>

#include <set>

namespace pveplan::cli {

namespace {

/// Prints every error and warning on the way.
async::Task<std::optional<engine::PreparedPlan>> plan_with(Program& program, const Options* options,
                                                           Workspace* workspace,
                                                           const state::StateFile* state) {
  const auto& sources = workspace->sources();
  TraceFile trace(program.host.files, options->trace_file);
  auto connected = co_await workspace->connect(trace.sink());
  if (!connected) {
    print_diagnostic(program, *options, sources, connected.error());
    co_return std::nullopt;
  }
  ServerNotices notices(program);
  engine::EventSink nobody;
  engine::TwoSinks sinks(notices, program.events != nullptr ? *program.events : nobody);
  const auto services = workspace->services(sinks);
  const auto request = request_of(*options);
  auto prepared = co_await engine::plan_now(services, workspace->topology(), *state, request);
  if (!prepared) {
    print_diagnostics(program, *options, sources, prepared.error());
    co_return std::nullopt;
  }
  for (const auto& each : prepared->warnings) print_diagnostic(program, *options, sources, each);
  co_return std::move(*prepared);
}

/// The plan of a moment in which nobody applies.
async::Task<std::optional<engine::PreparedPlan>> plan_locked(Program& program,
                                                             const Options* options,
                                                             Review* review) {
  auto* workspace = review->workspace.get();
  const auto session = co_await begin_session(program, options, *workspace);
  if (!session) co_return std::nullopt;
  review->state = session->state();
  auto prepared = co_await plan_with(program, options, workspace, &review->state);
  const bool ended = co_await end_session(program, options, *workspace, *session);
  if (!ended) co_return std::nullopt;
  co_return prepared;
}

bool has_moved_on(const state::StateFile& then, const state::StateFile& now) {
  const auto ids = [](const state::StateFile& state) {
    std::set<std::string> found;
    for (const auto& [id, intent] : state.open_intents) found.insert(intent.address.text());
    for (const auto& [address, row] : state.rows) found.insert(address.text());
    return found;
  };
  return then.serial != now.serial || ids(then) != ids(now);
}

/// Without the lock a plan may see a cluster of which the state that it has read knows less.
schema::Diagnostic meanwhile_applied() {
  return schema::warning(
      "Another run is at work",
      "The state changed while this plan was made: somebody else applies at this moment, and the "
      "errors above may come from that alone. Do nothing about them; plan again when it has ended, "
      "or with --lock, which waits for it with --lock-timeout.");
}

async::Task<std::optional<engine::PreparedPlan>> plan_unlocked(Program& program,
                                                               const Options* options,
                                                               Review* review) {
  auto* workspace = review->workspace.get();
  auto loaded = co_await read_state(program, options, *workspace);
  if (!loaded) co_return std::nullopt;
  review->state = std::move(loaded->state);
  auto prepared = co_await plan_with(program, options, workspace, &review->state);
  if (!prepared) {
    const auto now = co_await workspace->store().read();
    if (now && has_moved_on(review->state, now->state))
      print_diagnostic(program, *options, workspace->sources(), meanwhile_applied());
  }
  co_return prepared;
}

}  // namespace

async::Task<std::unique_ptr<Review>> review(Program& program, Options options) {
  auto result = std::make_unique<Review>();
  result->workspace = open_workspace(program, options);
  if (!result->workspace) co_return nullptr;
  auto planning = options.plan_lock ? plan_locked(program, &options, result.get())
                                    : plan_unlocked(program, &options, result.get());
  auto prepared = co_await planning;
  if (!prepared) co_return nullptr;
  result->prepared = std::move(*prepared);
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
  request.rotate = options.rotates;
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
