#include "engine/cli/commands.hpp"
#include "engine/cli/question.hpp"
#include "engine/cli/server_notices.hpp"
#include "engine/cli/state_session.hpp"
#include "engine/rebuild.hpp"
#include "engine/refresh.hpp"
#include "engine/step_context.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

/// `state rebuild` and `state accept`: what the state says is made to fit what there is.
namespace pveplan::cli {
namespace {

using Wanted = std::expected<std::optional<state::StateFile>, schema::Diagnostics>;

/// What a command has in hands while it decides.
class Looking {
 public:
  Looking(Program& the_program, const Options& the_options, const Workspace& the_workspace,
          const engine::Services& the_services, const state::StateFile& the_state,
          const model::ClusterFacts& the_cluster)
      : program(the_program),
        options(the_options),
        workspace(the_workspace),
        services(the_services),
        state(the_state),
        cluster(the_cluster) {}
  Program& program;
  const Options& options;
  const Workspace& workspace;
  const engine::Services& services;
  const state::StateFile& state;
  const model::ClusterFacts& cluster;
};

/// Decides what the state shall be, and asks; nothing when it stays.
using Decision = async::Task<Wanted> (*)(const Looking* looking);

std::unexpected<schema::Diagnostics> refused(const char* summary, std::string detail) {
  return std::unexpected(schema::Diagnostics(schema::error(summary, std::move(detail))));
}

async::Task<Wanted> decide_rebuild(const Looking* looking) {
  const auto& state = looking->state;
  auto fits =
      state::check_origin(state, looking->workspace.topology().name, looking->cluster.identity);
  if (!fits) co_return std::unexpected(schema::Diagnostics(fits.error()));
  auto found = co_await engine::rebuild(looking->services, looking->workspace.topology(), state,
                                        looking->cluster);
  if (!found) co_return std::unexpected(std::move(found.error()));
  std::string text;
  for (const auto& each : found->taken) text += "  " + each + "\n";
  if (text.empty()) {
    text = "Nothing was found that the state does not know.\n";
  } else {
    text = "These objects belong to the topology:\n" + text;
  }
  if (!found->left.empty()) text += "These are left alone:\n";
  for (const auto& each : found->left) text += "  " + each + "\n";
  looking->program.out(text);
  if (found->taken.empty()) co_return std::nullopt;
  const bool yes = co_await confirmed(looking->program, looking->options,
                                      "Take them into the state? Nothing changes on the cluster.");
  if (!yes) co_return refused("Cancelled", "The state was not changed.");
  co_return std::move(found->state);
}

async::Task<Wanted> decide_accept(const Looking* looking) {
  const auto& state = looking->state;
  const auto& arguments = looking->options.arguments;
  const model::Row* row = nullptr;
  for (const auto& [address, each] : state.rows) {
    if (address.text() == arguments[0] || address.shell_text() == arguments[0]) row = &each;
  }
  if (row == nullptr)
    co_return refused("Not in the state", fmt::format("The state has no {}.", arguments[0]));
  auto fits =
      state::check_origin(state, looking->workspace.topology().name, looking->cluster.identity);
  if (!fits) co_return std::unexpected(schema::Diagnostics(fits.error()));
  const auto* vmid = row->identity.find("vmid");
  std::string id = vmid == nullptr ? std::string() : schema::to_json(*vmid);
  if (arguments.size() > 1) id = arguments[1];
  auto found = co_await engine::accepted_row(looking->services, looking->workspace.topology(),
                                             state, looking->cluster, row, std::move(id));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (found->identity == row->identity) {
    looking->program.out(row->address.text() + " is the object that the state knows.\n");
    co_return std::nullopt;
  }
  looking->program.out(fmt::format("{}\n  the state knows  {}\n  there is         {}\n",
                                   row->address.text(), schema::to_json(row->identity),
                                   schema::to_json(found->identity)));
  const bool yes =
      co_await confirmed(looking->program, looking->options, "Manage what there is from now on?");
  if (!yes) co_return refused("Cancelled", "The state was not changed.");
  auto wanted = state;
  wanted.rows.insert_or_assign(row->address, std::move(*found));
  co_return wanted;
}

/// How many guests of the state are there, with the same hardware id.
async::Task<std::pair<std::size_t, std::size_t>> known_guests(const Looking* looking) {
  std::vector<engine::Reading> readings;
  for (const auto& [address, row] : looking->state.rows) {
    if (row.identity.find("uuid") != nullptr) readings.push_back({address, row.identity, &row});
  }
  const auto all = readings.size();
  engine::LiveState live;
  engine::SharedReads shared(looking->services.api);
  engine::ReadContext backend(looking->services, looking->cluster, looking->state,
                              looking->workspace.topology().name, &shared);
  auto read = co_await engine::refresh(looking->services, core::Context(backend),
                                       std::move(readings), live);
  std::size_t found = 0;
  for (const auto& [address, object] : live.objects)
    found += std::holds_alternative<model::LiveObject>(object) ? 1 : 0;
  if (!read) found = 0;
  co_return std::pair(found, all);
}

async::Task<Wanted> decide_cluster(const Looking* looking) {
  const auto& state = looking->state;
  const auto& cluster = looking->cluster;
  auto fits = state::check_origin(state, looking->workspace.topology().name, state.cluster);
  if (!fits) co_return std::unexpected(schema::Diagnostics(fits.error()));
  if (state.cluster == cluster.identity || state.lineage.empty()) {
    looking->program.out("The state is of this cluster already.\n");
    co_return std::nullopt;
  }
  const auto [found, all] = co_await known_guests(looking);
  if (found == 0 && all > 0) {
    co_return refused("Another cluster",
                      fmt::format("None of the {} guests of the state is there: this is not the "
                                  "cluster that it belongs to. Check the endpoint.",
                                  all));
  }
  looking->program.out(fmt::format(
      "The certificate authority of the cluster\n  was  {}  {}\n  is   {}  {}\n{} of {} guests of "
      "the state are there.\n",
      state.cluster, state.cluster_name, cluster.identity, cluster.name, found, all));
  const bool yes =
      co_await confirmed(looking->program, looking->options, "Is this the same cluster?");
  if (!yes) co_return refused("Cancelled", "The state was not changed.");
  auto wanted = state;
  wanted.cluster = cluster.identity;
  if (!cluster.name.empty()) wanted.cluster_name = cluster.name;
  co_return wanted;
}

/// Under the lock of `session`, which the caller ends.
async::Task<bool> decide_and_store(Program& program, const Options* options, Workspace* workspace,
                                   state::Session* session, Decision decide) {
  const auto& sources = workspace->sources();
  auto connected = co_await workspace->connect(nullptr);
  if (!connected) {
    print_diagnostic(program, *options, sources, connected.error());
    co_return false;
  }
  ServerNotices notices(program);
  const auto services = workspace->services(notices);
  const auto cluster = co_await engine::load_cluster(services);
  if (!cluster) {
    print_diagnostic(program, *options, sources, cluster.error());
    co_return false;
  }
  const auto state = session->state();
  const Looking looking(program, *options, *workspace, services, state, *cluster);
  const auto wanted = co_await decide(&looking);
  if (!wanted) {
    print_diagnostics(program, *options, sources, wanted.error());
    co_return false;
  }
  if (!*wanted) co_return true;
  // The old cluster's name: what the state says of it changes with the edit, or not at all.
  state::RunOrigin origin{workspace->topology().name, "", ""};
  if (!session->existed()) origin.cluster = cluster->identity;
  if (!session->existed()) origin.cluster_name = cluster->name;
  auto done = session->begin_run(origin);
  if (done) done = session->edit(options->command, **wanted);
  if (!done) print_diagnostic(program, *options, sources, done.error());
  co_return done.has_value();
}

async::Task<int> run_recovery(Program& program, const Options* options, Decision decide) {
  const auto workspace = open_workspace(program, *options);
  if (!workspace) co_return kError;
  const auto session = co_await begin_session(program, options, *workspace);
  if (!session) co_return kError;
  const bool done =
      co_await decide_and_store(program, options, workspace.get(), session.get(), decide);
  const bool ended = co_await end_session(program, options, *workspace, *session);
  if (!done || !ended) co_return kError;
  program.out("Run pveplan plan to see what differs.\n");
  co_return kSuccess;
}

}  // namespace

async::Task<int> run_state_rebuild(Program& program, Options options) {
  const int code = co_await run_recovery(program, &options, decide_rebuild);
  co_return code;
}

async::Task<int> run_state_accept(Program& program, Options options) {
  if (options.accept_cluster != options.arguments.empty()) {
    program.err(
        "error: `pveplan state accept` takes either an ADDRESS or --cluster. See `pveplan state "
        "accept --help`.\n");
    co_return kUsage;
  }
  const int code = co_await run_recovery(program, &options,
                                         options.accept_cluster ? decide_cluster : decide_accept);
  co_return code;
}

}  // namespace pveplan::cli
