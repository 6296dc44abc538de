#include "engine/address_glob.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "schema/json.hpp"
#include "schema/suggest.hpp"
#include "state/state_v1.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::cli {
namespace {

struct OpenState {
  std::unique_ptr<Workspace> workspace;
  state::Loaded loaded;
};

/// Topology and state, both needed to know which state is meant.
std::optional<OpenState> open_state(Program& program, const Options& options) {
  auto workspace = open_workspace(program, options);
  if (!workspace) return std::nullopt;
  auto loaded = workspace->store().load();
  if (!loaded) {
    print_diagnostic(program, options, workspace->sources(), loaded.error());
    return std::nullopt;
  }
  print_diagnostics(program, options, workspace->sources(), loaded->warnings);
  return OpenState{std::move(workspace), std::move(*loaded)};
}

}  // namespace

async::Task<int> run_state_list(Program& program, Options options) {
  const auto opened = open_state(program, options);
  if (!opened) co_return kError;
  std::string text;
  for (const auto& [address, row] : opened->loaded.state.rows) {
    if (address.is_output()) continue;  // `pveplan output` lists them
    text += address.text() + (row.status == model::RowStatus::incomplete ? "  (incomplete)" : "") +
            "\n";
  }
  program.out(text);
  co_return kSuccess;
}

async::Task<int> run_state_show(Program& program, Options options) {
  const auto opened = open_state(program, options);
  if (!opened) co_return kError;
  std::vector<std::string> names;
  for (const auto& [address, row] : opened->loaded.state.rows) {
    if (engine::matches_glob(address, options.arguments[0])) {
      program.out(schema::to_pretty_json(
          state::v1::to_value(state::v1::from_memory(row, schema::Value()))));
      co_return kSuccess;
    }
    names.push_back(address.text());
  }
  program.err(fmt::format("error: The state has no {}.{}\n", options.arguments[0],
                          schema::did_you_mean(options.arguments[0], names)));
  co_return kError;
}

namespace {

/// The addresses that were typed, all of them known and settled; else what is wrong.
schema::Result<std::vector<schema::ResourceAddress>> named_rows(const state::StateFile& state,
                                                                const Options& options) {
  std::vector<std::string> names;
  for (const auto& [address, row] : state.rows) names.push_back(address.text());
  std::vector<schema::ResourceAddress> found;
  for (const auto& typed : options.arguments) {
    const auto before = found.size();
    for (const auto& [address, row] : state.rows) {
      if (engine::matches_glob(address, typed)) found.push_back(address);
    }
    if (found.size() > before) continue;
    return std::unexpected(schema::error(
        "Not in the state", fmt::format("The state has no {}, so nothing was forgotten.{}", typed,
                                        schema::did_you_mean(typed, names))));
  }
  for (const auto& [id, intent] : state.open_intents) {
    if (std::find(found.begin(), found.end(), intent.address) == found.end()) continue;
    return std::unexpected(schema::error(
        "An earlier write is still open",
        fmt::format("The {} of {} may still have its effect. Run pveplan apply first: it looks how "
                    "it ended.",
                    intent.operation, intent.address.text())));
  }
  return found;
}

schema::Result<std::vector<schema::ResourceAddress>> forget(Workspace& workspace,
                                                            const Options& options) {
  auto session = workspace.store().lock(options.command);
  if (!session) return std::unexpected(session.error());
  auto wanted = (*session)->state();
  auto found = named_rows(wanted, options);
  if (!found) return found;
  for (const auto& address : *found) wanted.rows.erase(address);
  auto done = (*session)->begin_run({workspace.topology().name, "", ""});
  if (done) done = (*session)->edit("state rm", wanted);
  if (done) done = (*session)->finish();
  if (!done) return std::unexpected(done.error());
  return found;
}

}  // namespace

async::Task<int> run_state_rm(Program& program, Options options) {
  const auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto forgotten = forget(*workspace, options);
  if (!forgotten) {
    print_diagnostic(program, options, workspace->sources(), forgotten.error());
    co_return kError;
  }
  std::string text;
  for (const auto& address : *forgotten) text += "forgot " + address.text() + "\n";
  program.out(text +
              "Nothing was deleted on the server. What the topology still declares is made anew by "
              "the next apply.\n");
  co_return kSuccess;
}

}  // namespace pveplan::cli
