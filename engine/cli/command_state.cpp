#include "engine/address_glob.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "schema/json.hpp"
#include "schema/suggest.hpp"
#include "state/snapshot.hpp"
#include "state/state_v1.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

struct OpenState {
  std::unique_ptr<Workspace> workspace;
  state::Loaded loaded;
};

/// Topology and state, both needed to know which state is meant.
async::Task<std::optional<OpenState>> open_state(Program& program, const Options* options) {
  auto workspace = open_workspace(program, *options);
  if (!workspace) co_return std::nullopt;
  auto loaded = co_await read_state(program, options, *workspace);
  if (!loaded) co_return std::nullopt;
  OpenState opened{std::move(workspace), std::move(*loaded)};
  co_return std::optional<OpenState>(std::move(opened));
}

}  // namespace

async::Task<int> run_state_list(Program& program, Options options) {
  const auto opened = co_await open_state(program, &options);
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
  const auto opened = co_await open_state(program, &options);
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

async::Task<int> run_state_pull(Program& program, Options options) {
  const auto opened = co_await open_state(program, &options);
  if (!opened) co_return kError;
  if (!opened->loaded.exists) {
    program.err("error: There is no state yet: nothing was ever applied.\n");
    co_return kError;
  }
  program.out(state::write_snapshot(opened->loaded.state));
  co_return kSuccess;
}

}  // namespace pveplan::cli
