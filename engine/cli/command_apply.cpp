#include "engine/apply_saved.hpp"
#include "engine/cli/approval.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/interrupter.hpp"
#include "engine/cli/plan_output.hpp"
#include "engine/cli/plan_secrets.hpp"
#include "engine/cli/review.hpp"
#include "engine/cli/state_session.hpp"
#include "engine/cli/trace_file.hpp"
#include "engine/plan_file.hpp"
#include "engine/saved_exports.hpp"
#include "engine/view/account_text.hpp"
#include "engine/view/event_stream.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/progress_view.hpp"
#include "providers/async/task_group.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

using Outcome = std::expected<engine::Converged, schema::Diagnostics>;
using Status = engine::ResourceResult::Status;

int exit_code_of(const engine::Converged& converged) {
  const bool partial = converged.prepared.plan.partial();
  if (!converged.account) return partial ? kPartial : kSuccess;
  const auto& account = *converged.account;
  if (account.interrupted && !account.complete()) return kInterrupted;
  const auto touched = account.count(Status::done) + account.count(Status::partly_done);
  if (!account.complete()) return touched > 0 ? kPartial : kError;
  return partial ? kPartial : kSuccess;
}

/// Runs the convergence beside the watchers of signals and time, which end with it.
async::Task<std::optional<Outcome>> converge_only(async::Task<Outcome> convergence) {
  auto outcome = co_await convergence;
  co_return std::optional<Outcome>(std::move(outcome));
}
async::Task<std::optional<Outcome>> watch_only(async::Task<void> watcher) {
  co_await watcher;
  co_return std::nullopt;
}

async::Task<Outcome> converge_with_watchers(async::Task<Outcome> convergence,
                                            state::Session& session, Interrupter& interrupter,
                                            bool terminal) {
  async::TaskGroup<std::optional<Outcome>> group;
  group.start(0, converge_only(std::move(convergence)));
  group.start(1, watch_only(interrupter.watch()));
  group.start(2, watch_only(interrupter.tick(terminal)));
  group.start(3, watch_only(session.push_regularly()));
  for (;;) {
    auto finished = co_await group.next();
    if (finished.value) co_return std::move(*finished.value);
  }
}

/// The saved plan that the options name; nothing when a new one is to be made.
async::Task<schema::Result<std::optional<engine::SavedPlan>>> saved_plan(Program& program,
                                                                         const Options& options,
                                                                         Workspace& workspace) {
  if (options.command != "apply" || options.arguments.empty())
    co_return std::optional<engine::SavedPlan>();
  const auto& path = options.arguments[0];
  const auto bytes = read_plan_bytes(program, path);
  if (!bytes) co_return std::unexpected(bytes.error());
  PlanSecrets secrets(program, workspace.topology());
  auto ready = co_await secrets.load();
  if (!ready) co_return std::unexpected(ready.error());
  auto known = secrets.known();
  auto read = engine::read_plan_file(*bytes, path, known);
  if (read && !read->missing_secrets.empty()) {
    const auto loaded = co_await workspace.store().read();
    // Some are made of a secret and of what other resources export.
    while (loaded && read && !read->missing_secrets.empty()) {
      const engine::SavedExports exports(read->saved.plan, loaded->state);
      if (!secrets.add_resolved(exports, known)) break;
      read = engine::read_plan_file(*bytes, path, known);
    }
  }
  if (secrets.problem()) co_return std::unexpected(*secrets.problem());
  if (!read) co_return std::unexpected(read.error());
  if (read->missing_secrets.empty()) co_return std::optional(std::move(read->saved));
  co_return std::unexpected(schema::error(
      "Secret changed since the plan was made",
      "A secret that the plan uses is not the topology's any more, or the secret key of this "
      "machine is another one. Plan again here."));
}

std::unique_ptr<StatedApproval> make_approval(Program& program, const Options& options,
                                              const std::optional<engine::SavedPlan>& saved,
                                              model::PlanMode mode, Interrupter& interrupter) {
  const auto arm = [&interrupter] { interrupter.arm(); };
  if (!saved) return std::make_unique<TerminalApproval>(program, options, mode, arm);
  return std::make_unique<SavedPlanApproval>(
      program, options,
      fmt::format("Plan {} of {} UTC, from {}\n", saved->id.substr(0, 12),
                  saved->created_at.substr(0, 16), options.arguments[0]),
      saved->id, arm);
}

/// Under the lock of `session`, which the caller ends.
async::Task<int> apply_locked(Program& program, const Options& options, Workspace* workspace,
                              state::Session& session,
                              const std::optional<engine::SavedPlan>* saved) {
  const auto& sources = workspace->sources();
  const auto& topology = workspace->topology();
  TraceFile trace(program.host.files, options.trace_file);
  auto connected = co_await workspace->connect(trace.sink());
  if (!connected) {
    print_diagnostic(program, options, sources, connected.error());
    co_return kError;
  }
  const auto& environment = program.host.environment;
  const bool terminal = environment.output_is_terminal();
  view::ProgressView progress(program.host.clock, program.out, terminal,
                              static_cast<std::size_t>(environment.terminal_columns()));
  engine::EventSink nobody;
  engine::TwoSinks sinks(progress, program.events != nullptr ? *program.events : nobody);
  Interrupter interrupter(program.host, sinks);
  const auto services = workspace->services(sinks);
  const auto request = request_of(options);
  const auto mode = *saved ? (**saved).plan.mode : request.mode;
  engine::Limits limits;
  limits.parallelism = options.parallelism;
  limits.most_failures = options.most_failures;
  const auto approval = make_approval(program, options, *saved, mode, interrupter);
  const auto interrupts = interrupter.interrupts();
  auto work =
      *saved
          ? engine::apply_saved(services, topology, session, **saved, *approval, limits, interrupts)
          : engine::converge(services, topology, session, request, *approval, limits, interrupts);
  auto outcome = co_await converge_with_watchers(std::move(work), session, interrupter, terminal);
  progress.clear();
  if (!outcome) {
    print_diagnostics(program, options, sources, outcome.error());
    co_return kError;
  }
  for (const auto& each : outcome->prepared.warnings)
    print_diagnostic(program, options, sources, each);
  if (!outcome->approved) {
    print_refusal(program, approval->refusal());
    co_return kError;
  }
  if (outcome->account) {
    const auto* verb = mode == model::PlanMode::destroy   ? "Destroy"
                       : mode == model::PlanMode::refresh ? "Refresh"
                                                          : "Apply";
    program.out("\n" + view::account_text(*outcome->account, outcome->prepared.plan, verb));
    const auto outputs = view::outputs_text(session.state().rows);
    if (!outputs.empty()) program.out("\nOutputs:\n" + outputs);
  }
  const int exit_code = exit_code_of(*outcome);
  if (program.events != nullptr) program.events->outputs(session.state().rows);
  if (program.events != nullptr && outcome->account)
    program.events->account(*outcome->account, exit_code);
  co_return exit_code;
}

}  // namespace

async::Task<int> run_apply(Program& program, Options options) {
  auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto saved = co_await saved_plan(program, options, *workspace);
  if (!saved) {
    print_diagnostic(program, options, workspace->sources(), saved.error());
    co_return kError;
  }
  const auto session = co_await begin_session(program, &options, *workspace);
  if (!session) co_return kError;
  const int exit_code = co_await apply_locked(program, options, workspace.get(), *session, &*saved);
  const bool ended = co_await end_session(program, &options, *workspace, *session);
  co_return exit_code == kSuccess && !ended ? kError : exit_code;
}

}  // namespace pveplan::cli
