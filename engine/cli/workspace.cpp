#include "engine/cli/workspace.hpp"

#include "engine/topology_graph.hpp"
#include "engine/view/event_stream.hpp"
#include "providers/async/real_files.hpp"
#include "providers/pve/cluster/cluster.hpp"
#include "providers/pve/cluster/surroundings.hpp"
#include "schema/diagnostic_text.hpp"
#include "schema/value_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

namespace pveplan::cli {

ClusterLink::ClusterLink(async::Host& host, pve::ClientOptions options)
    : client_(host.transport, host.clock, std::move(options)), watcher_(client_) {
  client_.tell(this);
}

void ClusterLink::server_silent(const std::string& text) {
  if (events_ != nullptr) events_->server_silent(text);
}

void ClusterLink::server_answers(const std::string& text) {
  if (events_ != nullptr) events_->server_answers(text);
}

/// A task's log may repeat what it was asked for.
core::TaskEnd ClusterLink::cleaned(core::TaskEnd end) const {
  end.exit_status = client_.clean(std::move(end.exit_status));
  for (auto& line : end.last_lines) line = client_.clean(std::move(line));
  return end;
}

async::Task<core::TaskEnd> ClusterLink::wait(std::string upid, core::ProgressSink* progress) {
  auto end = co_await watcher_.wait(std::move(upid), progress);
  co_return cleaned(std::move(end));
}
async::Task<core::TaskEnd> ClusterLink::look(std::string upid) {
  auto end = co_await watcher_.look(std::move(upid));
  co_return cleaned(std::move(end));
}
async::Task<schema::Result<model::ClusterFacts>> ClusterLink::load() {
  auto facts = co_await pve::load_cluster_facts(client_, client_.user());
  co_return facts;
}
async::Task<schema::Result<bool>> ClusterLink::vmid_is_free(std::int64_t vmid) {
  auto free = co_await pve::vmid_is_free(client_, vmid);
  co_return free;
}
async::Task<schema::Result<core::Surroundings>> ClusterLink::look_around(
    model::ClusterFacts cluster, core::SurroundingsRequest request) {
  auto around = co_await pve::read_surroundings(client_, std::move(cluster), std::move(request));
  co_return around;
}
async::Task<model::ClusterFacts> ClusterLink::look_closely(model::ClusterFacts cluster,
                                                           core::CloseLook look) {
  auto facts = co_await pve::look_closely(client_, std::move(cluster), std::move(look));
  co_return facts;
}

namespace {

constexpr std::size_t kShortestSecret = 3;  // anything shorter would eat up every text

/// The texts that sensitive variables hold.
void collect_secret_texts(const schema::Value& value, std::vector<std::string>& texts) {
  schema::for_each_inside(value, [&texts](const schema::Value& each) {
    const bool counts = each.is_string() && each.as_string().size() >= kShortestSecret;
    if (counts) texts.push_back(each.as_string());
  });
}

}  // namespace

Workspace::Workspace(Program& program, schema::Loaded loaded, schema::Pins pins, bool locked)
    : program_(program),
      loaded_(std::move(loaded)),
      pins_(std::move(pins)),
      locked_(locked),
      state_(program.host, *loaded_.topology),
      vault_(program.host, *loaded_.topology) {}

async::Task<schema::Result<void>> Workspace::connect(pve::TraceSink* trace) {
  const auto& connection = topology().connection;
  if (!connection) co_return schema::Result<void>();
  if (!connection->token) {
    co_return std::unexpected(schema::error(
        "No credentials",
        "The [proxmox] table names no token. Add `token = { env = \"PVEPLAN_TOKEN\" }`.",
        connection->span));
  }
  auto token = co_await fetch_secret(program_.host, *connection->token);
  if (!token) co_return std::unexpected(token.error());
  const auto is_control = [](unsigned char each) { return std::iscntrl(each) != 0; };
  if (std::any_of(token->begin(), token->end(), is_control)) {
    co_return std::unexpected(schema::error(
        "Token not usable",
        "The token holds a line break or another control character. Set it to the one line "
        "USER@REALM!NAME=SECRET that Proxmox showed when it was made.",
        connection->token->span));
  }
  pve::ClientOptions options;
  options.endpoints = connection->endpoints;
  options.token = std::move(*token);
  options.trust.ca_file = connection->ca_file;
  options.trust.fingerprints = connection->fingerprints;
  options.trust.insecure = connection->insecure;
  options.trace = trace;
  for (const auto& variable : topology().variables) {
    if (variable.value.sensitive()) collect_secret_texts(variable.value, options.secrets);
  }
  link_ = std::make_unique<ClusterLink>(program_.host, std::move(options));
  co_return schema::Result<void>();
}

engine::Services Workspace::services(engine::EventSink& events) {
  engine::Services services(program_.host, program_.known.types(), program_.known.schemas(),
                            events);
  services.secrets = &vault_;
  services.pins = &pins_;
  services.locked = locked_;
  if (link_) {
    link_->tell(events);
    services.api = &link_->api();
    services.tasks = link_.get();
    services.cluster = link_.get();
  }
  return services;
}

schema::Loaded load_topology(Program& program, const Options& options) {
  schema::LoadRequest request;
  request.directory = options.directory;
  request.file = options.file;
  request.variables = options.variables;
  request.variable_files = options.variable_files;
  request.program_version = program_version();
  request.registry = &program.known.schemas();
  auto& host = program.host;
  const auto& given = options.variable_files;
  request.source.read_file =
      [&host, &given](const std::string& path) -> std::expected<std::string, std::string> {
    // Values of variables may come through a pipe, as `--vars <(command)` does.
    const bool is_vars = std::find(given.begin(), given.end(), path) != given.end();
    if (!is_vars && async::is_special_file(path))
      return std::unexpected("it is a pipe, a socket or a device, and a topology is a file");
    auto text = host.files.read(path);
    if (!text) return std::unexpected(std::strerror(text.error().code));
    return std::move(*text);
  };
  request.source.file_exists = [&host](const std::string& path) {
    if (!path.starts_with("~/")) return host.files.exists(path);
    return host.files.exists(host.environment.home_directory() + path.substr(1));
  };
  request.source.list_folder =
      [&host](const std::string& path) -> std::expected<std::vector<std::string>, std::string> {
    auto names = host.files.list(path.empty() ? "." : path);
    if (!names) return std::unexpected(std::strerror(names.error().code));
    return std::move(*names);
  };
  request.source.environment = [&host](const std::string& name) {
    return host.environment.variable(name);
  };
  request.source.variable_names = [&host] {
    return host.environment.names_beginning_with("PVEPLAN_VAR_");
  };
  request.check_whole = [](const schema::Topology& topology) {
    const auto order = engine::make_graph(topology).topological_order();
    return order ? schema::Diagnostics() : order.error();
  };
  return schema::load(request);
}

namespace {

schema::RenderOptions render_options(const Program& program, const Options& options) {
  return {program.colour(options),
          static_cast<std::size_t>(program.host.environment.terminal_columns())};
}

}  // namespace

void print_diagnostic(Program& program, const Options& options, const schema::SourceMap& sources,
                      const schema::Diagnostic& diagnostic) {
  if (program.events != nullptr) program.events->diagnostic(diagnostic, sources);
  program.err(schema::render_diagnostic(sources, diagnostic, render_options(program, options)));
}

void print_diagnostics(Program& program, const Options& options, const schema::SourceMap& sources,
                       const schema::Diagnostics& diagnostics) {
  if (program.events != nullptr) {
    for (const auto& each : diagnostics.items()) program.events->diagnostic(each, sources);
  }
  program.err(schema::render_items(sources, diagnostics, render_options(program, options)));
}

void print_refusal(Program& program, const std::string& text) {
  if (program.events != nullptr && !text.empty())
    program.events->diagnostic(schema::error("Refused", text.substr(0, text.size() - 1)), {});
  program.err(text);
}

async::Task<std::optional<state::Loaded>> read_state(Program& program, const Options* options,
                                                     Workspace& workspace) {
  auto loaded = co_await workspace.store().read();
  if (!loaded) {
    print_diagnostic(program, *options, workspace.sources(), loaded.error());
    co_return std::nullopt;
  }
  print_diagnostics(program, *options, workspace.sources(), loaded->warnings);
  co_return std::move(*loaded);
}

std::string lock_file_path(const Options& options) {
  const auto folder = options.directory.empty() ? std::string() : options.directory + "/";
  return folder + "pveplan.lock.toml";
}

namespace {

schema::Pins read_pins(Program& program, const Options& options, schema::SourceMap& sources,
                       schema::Diagnostics& problems) {
  const auto path = lock_file_path(options);
  auto text = program.host.files.read(path);
  if (text) return schema::parse_lock_file(sources, path, std::move(*text), problems);
  if (text.error().code != ENOENT)
    problems.add(schema::error("Lock file not readable", text.error().text() + "."));
  return {};
}

}  // namespace

std::unique_ptr<Workspace> open_workspace(Program& program, const Options& options) {
  auto loaded = load_topology(program, options);
  print_diagnostics(program, options, loaded.sources, loaded.diagnostics);
  if (!loaded.topology) return nullptr;
  schema::Diagnostics problems;
  auto pins = read_pins(program, options, loaded.sources, problems);
  print_diagnostics(program, options, loaded.sources, problems);
  if (problems.has_errors()) return nullptr;
  const bool in_ci = program.host.environment.variable("CI") == "true";
  return std::make_unique<Workspace>(program, std::move(loaded), std::move(pins),
                                     options.locked || in_ci);
}

}  // namespace pveplan::cli
