#include "engine/cli/approval.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/interrupter.hpp"
#include "engine/cli/trace_file.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/view/account_text.hpp"
#include "engine/view/progress_view.hpp"
#include "providers/async/task_group.hpp"

namespace pveplan::cli {
namespace {

using Outcome = std::expected<engine::Converged, schema::Diagnostics>;
using Status = engine::ResourceResult::Status;

int exit_code_of(const engine::Converged& converged) {
  const bool partial = converged.prepared.plan.partial();
  if (!converged.account) return partial ? kPartial : kSuccess;
  const auto& account = *converged.account;
  if (account.interrupted && !account.complete()) return kInterrupted;
  if (!account.complete()) return account.count(Status::done) > 0 ? kPartial : kError;
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
                                            Interrupter& interrupter, bool terminal) {
  async::TaskGroup<std::optional<Outcome>> group;
  group.start(0, converge_only(std::move(convergence)));
  group.start(1, watch_only(interrupter.watch()));
  group.start(2, watch_only(interrupter.tick(terminal)));
  for (;;) {
    auto finished = co_await group.next();
    if (finished.value) co_return std::move(*finished.value);
  }
}

}  // namespace

async::Task<int> run_apply(Program& program, Options options) {
  const bool destroys = options.command == "destroy";
  auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto& sources = workspace->sources();
  auto session = workspace->store().lock(options.command);
  if (!session) {
    print_diagnostic(program, options, sources, session.error());
    co_return kError;
  }
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
  Interrupter interrupter(program.host, progress);
  const auto services = workspace->services(progress);
  engine::PlanRequest request;
  request.mode = destroys ? model::PlanMode::destroy : model::PlanMode::converge;
  request.allow_data_loss = options.allow_data_loss;
  request.restart = options.restart;
  engine::Limits limits;
  limits.parallelism = options.parallelism;
  TerminalApproval approval(program, options, request.mode, [&interrupter] { interrupter.arm(); });
  const auto interrupts = interrupter.interrupts();
  auto outcome =
      co_await converge_with_watchers(engine::converge(services, workspace->topology(), **session,
                                                       request, approval, limits, interrupts),
                                      interrupter, terminal);
  progress.clear();
  if (!outcome) {
    print_diagnostics(program, options, sources, outcome.error());
    co_return kError;
  }
  for (const auto& each : outcome->prepared.warnings)
    print_diagnostic(program, options, sources, each);
  if (!outcome->approved) {
    program.err(approval.refusal());
    co_return kError;
  }
  if (outcome->account) {
    program.out("\n" + view::account_text(*outcome->account, outcome->prepared.plan,
                                          destroys ? "Destroy" : "Apply"));
  }
  co_return exit_code_of(*outcome);
}

}  // namespace pveplan::cli
