#include "engine/cli/state_session.hpp"

#include "schema/units.hpp"

#include <fmt/format.h>

namespace pveplan::cli {

async::Task<std::unique_ptr<state::Session>> begin_session(Program& program, const Options* options,
                                                           Workspace& workspace, bool replacing) {
  state::LockRequest request(options->command, options->lock_timeout);
  request.replacing = replacing;
  request.on_wait = [&program, options](const schema::Diagnostic& holder) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options->lock_timeout);
    program.err(fmt::format("{}\nWaiting up to {} for the lock.\n", holder.detail,
                            schema::format_duration(seconds.count())));
  };
  auto session = co_await workspace.store().begin(std::move(request));
  if (!session) {
    print_diagnostic(program, *options, workspace.sources(), session.error());
    co_return nullptr;
  }
  print_diagnostics(program, *options, workspace.sources(), (*session)->warnings);
  co_return std::move(*session);
}

async::Task<bool> end_session(Program& program, const Options* options, Workspace& workspace,
                              state::Session& session) {
  auto ended = co_await session.end();
  if (!ended) print_diagnostic(program, *options, workspace.sources(), ended.error());
  co_return ended.has_value();
}

}  // namespace pveplan::cli
