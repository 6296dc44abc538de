#include "engine/address_glob.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/state_session.hpp"
#include "engine/move_rows.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

/// Commands that change what the state says, and nothing else.
namespace pveplan::cli {
namespace {

using schema::ResourceAddress;

schema::Diagnostic not_in_state(const state::StateFile& state, const std::string& typed,
                                const char* consequence) {
  std::vector<std::string> names;
  for (const auto& [address, row] : state.rows) names.push_back(address.text());
  return schema::error("Not in the state",
                       fmt::format("The state has no {}, so {}.{}", typed, consequence,
                                   schema::did_you_mean(typed, names)));
}

/// An operation that is under way would write the row back under its old address.
schema::Result<void> all_settled(const state::StateFile& state,
                                 const std::vector<ResourceAddress>& addresses) {
  for (const auto& [id, intent] : state.open_intents) {
    if (std::find(addresses.begin(), addresses.end(), intent.address) == addresses.end()) continue;
    return std::unexpected(schema::error(
        "An earlier write is still open",
        fmt::format("The {} of {} may still have its effect. Run pveplan apply first: it looks how "
                    "it ended.",
                    intent.operation, intent.address.text())));
  }
  return {};
}

/// The addresses that were typed, all of them known and settled; else what is wrong.
schema::Result<std::vector<ResourceAddress>> named_rows(const state::StateFile& state,
                                                        const Options& options) {
  std::vector<ResourceAddress> found;
  for (const auto& typed : options.arguments) {
    const auto before = found.size();
    for (const auto& [address, row] : state.rows) {
      if (engine::matches_glob(address, typed)) found.push_back(address);
    }
    if (found.size() == before)
      return std::unexpected(not_in_state(state, typed, "nothing was forgotten"));
  }
  if (auto settled = all_settled(state, found); !settled) return std::unexpected(settled.error());
  return found;
}

/// "vm.db.1", as shells like it: types that are made of others have addresses of three words too.
std::string canonical(const std::string& typed) {
  const auto words = std::count(typed.begin(), typed.end(), '.');
  const bool composite = typed.starts_with("k3s.") || typed.starts_with("ceph.");
  if (words != 2 || composite || typed.find('[') != std::string::npos) return typed;
  const auto dot = typed.rfind('.');
  return typed.substr(0, dot) + "[" + typed.substr(dot + 1) + "]";
}

schema::Result<ResourceAddress> typed_address(const std::string& typed) {
  auto address = schema::parse_address(canonical(typed));
  if (address) return std::move(*address);
  return std::unexpected(schema::error(
      "No address", fmt::format("\"{}\" is no address: write vm.db, vm.db[1] or vm.db.1.", typed)));
}

schema::Result<engine::RowMoves> moves_of(const state::StateFile& state, const Options& options) {
  const auto from = typed_address(options.arguments[0]);
  if (!from) return std::unexpected(from.error());
  const auto to = typed_address(options.arguments[1]);
  if (!to) return std::unexpected(to.error());
  if (from->type != to->type) {
    return std::unexpected(schema::error(
        "Another type", fmt::format("{} and {} are not of one type: an object stays what it is.",
                                    from->text(), to->text())));
  }
  engine::RowMoves moves;
  for (const auto& [address, row] : state.rows) {
    if (!engine::covers(*from, address)) continue;
    moves.emplace(address, engine::moved(*from, *to, address));
  }
  if (moves.empty()) return std::unexpected(not_in_state(state, from->text(), "nothing was moved"));
  return moves;
}

schema::Result<std::string> moved(state::StateFile& state, const Options& options) {
  const auto moves = moves_of(state, options);
  if (!moves) return std::unexpected(moves.error());
  const auto taken = engine::taken_targets(state, *moves, "Nothing was moved.");
  if (taken.has_errors()) return std::unexpected(taken.items().front());
  std::vector<ResourceAddress> touched;
  std::string text;
  for (const auto& [from, to] : *moves) {
    touched.insert(touched.end(), {from, to});
    text += fmt::format("moved {} to {}\n", from.text(), to.text());
  }
  if (auto settled = all_settled(state, touched); !settled) return std::unexpected(settled.error());
  engine::move_rows(state, *moves);
  return text;
}

schema::Result<std::string> forgotten(state::StateFile& state, const Options& options) {
  const auto found = named_rows(state, options);
  if (!found) return std::unexpected(found.error());
  std::string text;
  for (const auto& address : *found) {
    state.rows.erase(address);
    text += "forgot " + address.text() + "\n";
  }
  return text;
}

/// Changes a copy of the state and says what it did.
using Change = schema::Result<std::string> (*)(state::StateFile& state, const Options& options);

async::Task<schema::Result<std::string>> edit(const Options* options, const Workspace* workspace,
                                              state::Session* session, Change change) {
  auto wanted = session->state();
  auto text = change(wanted, *options);
  if (!text) co_return text;
  auto done = session->begin_run({workspace->topology().name, "", ""});
  if (done) done = session->edit(options->command, wanted);
  if (!done) co_return std::unexpected(done.error());
  co_return text;
}

async::Task<int> run_edit(Program& program, const Options* options, Change change,
                          std::string remark) {
  const auto workspace = open_workspace(program, *options);
  if (!workspace) co_return kError;
  const auto session = co_await begin_session(program, options, *workspace);
  if (!session) co_return kError;
  const auto text = co_await edit(options, workspace.get(), session.get(), change);
  if (!text) print_diagnostic(program, *options, workspace->sources(), text.error());
  const bool ended = co_await end_session(program, options, *workspace, *session);
  if (!text || !ended) co_return kError;
  program.out(*text + remark);
  co_return kSuccess;
}

}  // namespace

async::Task<int> run_state_rm(Program& program, Options options) {
  const int code = co_await run_edit(
      program, &options, forgotten,
      "Nothing was deleted on the server. What the topology still declares is made anew by "
      "the next apply.\n");
  co_return code;
}

async::Task<int> run_state_mv(Program& program, Options options) {
  const int code = co_await run_edit(
      program, &options, moved,
      "Nothing was changed on the server. The topology must have the block under its new name.\n");
  co_return code;
}

}  // namespace pveplan::cli
