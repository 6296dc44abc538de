#include "engine/cli/commands.hpp"
#include "engine/cli/state_session.hpp"
#include "state/replacement.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

schema::Result<state::StateFile> offered(Program& program, const Options& options,
                                         const Workspace& workspace) {
  const auto& path = options.arguments[0];
  const auto bytes = program.host.files.read(path);
  if (!bytes) {
    return std::unexpected(schema::error("State file not readable", bytes.error().text() + "."));
  }
  auto state = state::read_offered_state(*bytes);
  if (!state) return state;
  if (auto fits = state::check_origin(*state, workspace.topology().name, state->cluster); !fits)
    return std::unexpected(fits.error());
  return state;
}

/// What the state becomes, by the rules for replacing one.
schema::Result<state::StateFile> next_state(const Options& options, const Workspace& workspace,
                                            const state::Session& session,
                                            state::StateFile wanted) {
  if (session.unreadable && !options.force) {
    auto problem = *session.unreadable;
    problem.detail +=
        " If the file that you push shall take its place: --force. What lies there is kept beside "
        "it.";
    return std::unexpected(problem);
  }
  const auto* current = session.existed() ? &session.state() : nullptr;
  if (current != nullptr && !options.force) {
    const bool other_cluster = current->cluster != wanted.cluster && wanted.cluster != "none" &&
                               current->cluster != "none" && !current->cluster.empty();
    if (other_cluster) {
      return std::unexpected(schema::error(
          "State of another cluster",
          fmt::format("The file is of the cluster {} ({}), the present state of {} ({}). Nothing "
                      "was changed. If that is right: --force.",
                      wanted.cluster_name, wanted.cluster, current->cluster_name,
                      current->cluster)));
    }
  }
  return state::replacement(std::move(wanted), current, options.force,
                            state::newest_backup(workspace.state_folder()));
}

std::string account(const state::StateFile& state, const Workspace& workspace, bool existed) {
  auto text = fmt::format("The state has the serial {} and {} rows now.\n", state.serial,
                          state.rows.size());
  if (existed)
    text +=
        fmt::format("What it was before is kept in '{}'.\n", workspace.state_folder().backups());
  if (!state.open_intents.empty())
    text += "It has work that an earlier run left open: the next apply looks how that ended.\n";
  return text +
         "Guests that were made since it was written are strangers to it: run pveplan state\n"
         "rebuild, which finds them, and then pveplan plan, before anything else.\n";
}

}  // namespace

async::Task<int> run_state_push(Program& program, Options options) {
  const auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto& sources = workspace->sources();
  auto file = offered(program, options, *workspace);
  if (!file) {
    print_diagnostic(program, options, sources, file.error());
    co_return kError;
  }
  const auto session = co_await begin_session(program, &options, *workspace, true);
  if (!session) co_return kError;
  const bool existed = session->existed() || session->unreadable.has_value();
  const auto wanted = next_state(options, *workspace, *session, std::move(*file));
  schema::Result<void> replaced;
  if (wanted) replaced = session->replace(*wanted);
  if (!wanted) print_diagnostic(program, options, sources, wanted.error());
  if (!replaced) print_diagnostic(program, options, sources, replaced.error());
  const bool ended = co_await end_session(program, &options, *workspace, *session);
  if (!wanted || !replaced || !ended) co_return kError;
  program.out(account(*wanted, *workspace, existed));
  co_return kSuccess;
}

}  // namespace pveplan::cli
