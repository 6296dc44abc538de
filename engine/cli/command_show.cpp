#include "engine/address_glob.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/origin.hpp"
#include "engine/cli/plan_output.hpp"
#include "engine/cli/server_notices.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/plan_file.hpp"
#include "engine/refresh.hpp"
#include "engine/remembered_secrets.hpp"
#include "engine/view/change_block.hpp"
#include "engine/view/text.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace pveplan::cli {
namespace {

// Together with the indent 80 columns, as plans have.
constexpr std::size_t kName = 21;
constexpr std::size_t kColumn = 19;

/// Leaves of a value as "path" → text, so that both sides can be laid beside each other.
void leaves(const schema::ObjectSchema& schema, const schema::Value& value,
            const schema::Path& path, std::map<std::string, std::string>& out) {
  const auto* attribute = schema.find(path);
  const auto text = path.empty() ? std::string() : view::value_text(attribute, value);
  const bool is_table = value.has_fields() && !value.as_fields().empty();
  if (is_table && text != view::kSecret) {
    for (const auto& [name, inner] : value.as_fields())
      leaves(schema, inner, path.child(name), out);
  } else if (!path.empty()) {
    out[path.text()] = text;
  }
}

/// What is wanted, what was written last, and what is.
struct Sides {
  schema::Value desired, owned, live;
  std::string problem;  ///< why nothing is known of the living object; empty when something is
};

constexpr std::array<const char*, 3> kSides = {"topology", "state", "live"};
using SideTexts = std::array<std::string, 3>;

bool fits_its_columns(const std::string& name, const SideTexts& texts) {
  return view::columns(name) < kName &&
         std::all_of(texts.begin(), texts.end(),
                     [](const std::string& text) { return view::columns(text) < kColumn; });
}

/// What is too long for columns stands below its name, a line for each different value.
std::string below_each_other(const std::string& name, const SideTexts& texts) {
  auto result = "  " + name + "\n";
  std::array<bool, 3> told = {};
  for (std::size_t side = 0; side < texts.size(); ++side) {
    if (told[side]) continue;
    std::string label;
    for (std::size_t other = side; other < texts.size(); ++other) {
      if (texts[other] != texts[side]) continue;
      label += (label.empty() ? "" : ", ") + std::string(kSides[other]);
      told[other] = true;
    }
    if (texts[0] == texts[1] && texts[1] == texts[2]) label = "all three";
    auto line = "      " + view::padded(label, kName - 4);
    const auto text = texts[side].empty() ? std::string("-") : texts[side];
    result += line + view::wrapped(text, view::columns(line), kName + 2) + "\n";
  }
  return result;
}

/// The server knows no secrets but those that were given to it: what is one in the topology or in
/// the state is one there, too.
void hide_live_secrets(std::map<std::string, SideTexts>& rows, const Sides& sides) {
  std::set<std::string> secrets;
  for (const auto& [name, texts] : rows) {
    if (texts[0] == view::kSecret || texts[1] == view::kSecret) secrets.insert(name);
  }
  for (auto& [name, texts] : rows) {
    auto& live = texts[2];
    const bool secret = std::any_of(secrets.begin(), secrets.end(), [&name](const auto& each) {
      return name == each || name.starts_with(each + ".");
    });
    if (!secret || live.empty() || live == view::kSecret) continue;
    const auto path = schema::Path::parse(name);
    const auto *wanted = sides.desired.find(path), *is = sides.live.find(path);
    const bool differs = wanted != nullptr && is != nullptr && *wanted != *is;
    live = std::string(view::kSecret) + (differs ? ", differs" : "");
  }
}

std::string side_by_side(const schema::ResourceSchema& schema, const Sides& sides) {
  std::map<std::string, SideTexts> rows;
  const std::array<const schema::Value*, 3> values = {&sides.desired, &sides.owned, &sides.live};
  for (std::size_t side = 0; side < values.size(); ++side) {
    std::map<std::string, std::string> texts;
    leaves(schema.object, *values[side], schema::Path(), texts);
    for (auto& [name, text] : texts) rows[name][side] = std::move(text);
  }
  hide_live_secrets(rows, sides);
  auto result = "  " + view::padded("", kName);
  for (const auto* side : kSides) result += view::padded(side, kColumn);
  result.erase(result.find_last_not_of(' ') + 1);
  result += "\n";
  for (const auto& [name, texts] : rows) {
    if (!fits_its_columns(name, texts)) {
      result += below_each_other(name, texts);
      continue;
    }
    auto line = "  " + view::padded(name, kName);
    for (const auto& text : texts) line += view::padded(text.empty() ? "-" : text, kColumn);
    result += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  if (!sides.problem.empty()) result += view::wrapped("  live: " + sides.problem, 0, 8) + "\n";
  return result;
}

/// Reads the living objects of rows. An empty answer comes with the reason.
async::Task<engine::LiveState> look_at(Program* program, Workspace* workspace,
                                       const state::StateFile* state,
                                       std::vector<std::string> addresses, std::string* problem) {
  engine::LiveState live;
  ServerNotices notices(*program);
  auto connected = co_await workspace->connect(nullptr);
  if (!connected) {
    *problem = connected.error().detail;
    co_return live;
  }
  const auto services = workspace->services(notices);
  auto cluster = co_await engine::load_cluster(services);
  if (!cluster) {
    *problem = cluster.error().detail;
    co_return live;
  }
  std::vector<engine::Reading> readings;
  for (const auto& text : addresses) {
    const auto address = *schema::parse_address(text);
    const auto* row = state->row(address);
    readings.push_back({address, row->identity, row});
  }
  engine::ReadContext backend(services, *cluster, *state, workspace->topology().name, nullptr);
  auto read = co_await engine::refresh(services, core::Context(backend), std::move(readings), live);
  if (!read) *problem = read.error().detail;
  co_return live;
}

/// Addresses that an argument means: of the topology, and of the state for instances on nodes.
std::set<schema::ResourceAddress> matching(const schema::Topology& topology,
                                           const state::StateFile& state, const std::string& glob) {
  std::set<schema::ResourceAddress> result;
  for (const auto& resource : topology.resources) {
    const bool stands_for_instances = resource.unexpanded();
    if (!stands_for_instances && engine::matches_glob(resource.address, glob))
      result.insert(resource.address);
  }
  for (const auto& [address, row] : state.rows) {
    if (engine::matches_glob(address, glob)) result.insert(address);
  }
  return result;
}

Sides sides_of(const schema::ResourceAddress& address, const schema::Topology& topology,
               const state::StateFile& state, const engine::LiveState& live) {
  Sides sides;
  const auto* resource = topology.find(address);
  if (resource == nullptr) resource = topology.find(address.group());
  if (resource != nullptr) sides.desired = resource->attributes;
  const auto* row = state.row(address);
  if (row == nullptr) {
    sides.problem = "not applied yet";
    return sides;
  }
  sides.owned = row->owned;
  const auto seen = live.objects.find(address);
  if (seen == live.objects.end()) return sides;
  if (const auto* object = std::get_if<model::LiveObject>(&seen->second)) {
    sides.live = engine::without_secrets(object->attributes, row->owned, {});
  } else if (const auto* unreadable = std::get_if<model::Unreadable>(&seen->second)) {
    sides.problem = "cannot be read: " + unreadable->reason;
  } else {
    sides.problem = "it is gone";
  }
  return sides;
}

std::string listing(const schema::Topology& topology, const state::StateFile& state) {
  std::string text;
  for (const auto& resource : topology.resources) {
    const auto* row = state.row(resource.address);
    const auto* status = row == nullptr                                ? "not applied yet"
                         : row->status == model::RowStatus::incomplete ? "incomplete"
                                                                       : "applied";
    text += view::padded(resource.address.text(), 36) + status + "\n";
  }
  return text;
}

/// The origins of all that an argument means, but for what only the state knows.
std::string origins(const Workspace& workspace, const state::StateFile& state,
                    const std::set<schema::ResourceAddress>& addresses) {
  const view::WrittenPlaces places(workspace.sources());
  std::string text;
  for (const auto& address : addresses) {
    const auto& topology = workspace.topology();
    const auto* resource = topology.find(address);
    if (resource == nullptr) resource = topology.find(address.group());
    text += address.text() + "\n";
    text += resource == nullptr ? std::string("  is in the state alone\n")
                                : origin_text(*resource, state.row(address), topology, places);
  }
  return text;
}

/// What cannot be an address, or stands there as a file. Names of files win over nothing else.
bool names_a_file(Program& program, const std::string& argument) {
  return argument.ends_with(".json") || argument.find('/') != std::string::npos ||
         program.host.files.exists(argument);
}

/// Needs no topology: secrets of the plan stay hidden.
int show_plan(Program& program, const Options& options) {
  const auto& path = options.arguments[0];
  const auto fail = [&](const schema::Diagnostic& problem) {
    print_diagnostic(program, options, schema::SourceMap(), problem);
    return kError;
  };
  const auto bytes = read_plan_bytes(program, path);
  if (!bytes) return fail(bytes.error());
  const auto read = engine::read_plan_file(*bytes, path, {});
  if (!read) return fail(read.error());
  if (options.format == "text")
    program.out(fmt::format("Plan {} of {} UTC, made by pveplan {}\n\n",
                            read->saved.id.substr(0, 12), read->saved.created_at.substr(0, 16),
                            read->saved.program));
  program.out(plan_output(program, options, read->saved));
  return kSuccess;
}

}  // namespace

async::Task<int> run_show(Program& program, Options options) {
  if (!options.arguments.empty() && names_a_file(program, options.arguments[0]))
    co_return show_plan(program, options);
  auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto loaded = co_await read_state(program, &options, *workspace);
  if (!loaded) co_return kError;
  const auto& topology = workspace->topology();
  if (options.arguments.empty()) {
    program.out(listing(topology, loaded->state));
    co_return kSuccess;
  }
  const auto addresses = matching(topology, loaded->state, options.arguments[0]);
  if (options.origin && !addresses.empty()) {
    program.out(origins(*workspace, loaded->state, addresses));
    co_return kSuccess;
  }
  std::vector<std::string> known;
  for (const auto& address : addresses) {
    if (loaded->state.row(address) != nullptr) known.push_back(address.text());
  }
  engine::LiveState live;
  std::string problem;
  if (!known.empty())
    live = co_await look_at(&program, workspace.get(), &loaded->state, known, &problem);
  if (!problem.empty())
    program.err(view::wrapped("warning: The cluster cannot be read. " + problem, 0, 2) + "\n");
  for (const auto& address : addresses) {
    program.out(address.text() + "\n" +
                side_by_side(*program.known.schemas().find(address.type),
                             sides_of(address, topology, loaded->state, live)));
  }
  if (!addresses.empty()) co_return kSuccess;
  std::vector<std::string> names;
  for (const auto& resource : topology.resources) names.push_back(resource.address.text());
  const auto problem_text = fmt::format("error: The topology has no {}.{}", options.arguments[0],
                                        schema::did_you_mean(options.arguments[0], names));
  program.err(view::wrapped(problem_text, 0, 2) + "\n");
  co_return kError;
}

}  // namespace pveplan::cli
