#include "engine/cli/commands.hpp"
#include "engine/cli/plan_output.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/plan_file.hpp"
#include "engine/view/change_block.hpp"
#include "engine/view/text.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

constexpr std::size_t kName = 28;
constexpr std::size_t kColumn = 24;

/// Leaves of a value as "path" → text, so that both sides can be laid beside each other.
void leaves(const schema::ObjectSchema& schema, const schema::Value& value,
            const schema::Path& path, std::map<std::string, std::string>& out) {
  if (value.has_fields() && !value.as_fields().empty()) {
    for (const auto& [name, inner] : value.as_fields())
      leaves(schema, inner, path.child(name), out);
  } else if (!path.empty()) {
    out[path.text()] = view::value_text(view::find_attribute(schema, path), value);
  }
}

std::string side_by_side(const schema::ResourceSchema& schema, const schema::Value& desired,
                         const schema::Value& owned) {
  std::map<std::string, std::string> wanted, known;
  leaves(schema.object, desired, schema::Path(), wanted);
  leaves(schema.object, owned, schema::Path(), known);
  std::map<std::string, std::pair<std::string, std::string>> rows;
  for (const auto& [name, text] : wanted) rows[name].first = text;
  for (const auto& [name, text] : known) rows[name].second = text;
  auto result = "  " + view::padded("", kName) + view::padded("topology", kColumn) + "state\n";
  for (const auto& [name, sides] : rows) {
    result += "  " + view::padded(name, kName) +
              view::padded(sides.first.empty() ? "-" : sides.first, kColumn) +
              (sides.second.empty() ? "-" : sides.second) + "\n";
  }
  return result;
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
  auto loaded = workspace->store().load();
  if (!loaded) {
    print_diagnostic(program, options, workspace->sources(), loaded.error());
    co_return kError;
  }
  const auto& topology = workspace->topology();
  if (options.arguments.empty()) {
    program.out(listing(topology, loaded->state));
    co_return kSuccess;
  }
  std::vector<std::string> names;
  bool found = false;
  for (const auto& resource : topology.resources) {
    names.push_back(resource.address.text());
    if (!engine::matches_glob(resource.address, options.arguments[0])) continue;
    found = true;
    const auto* row = loaded->state.row(resource.address);
    program.out(resource.address.text() + "\n" +
                side_by_side(*resource.schema, resource.attributes,
                             row != nullptr ? row->owned : schema::Value()));
  }
  if (found) co_return kSuccess;
  program.err(fmt::format("error: The topology has no {}.{}\n", options.arguments[0],
                          schema::did_you_mean(options.arguments[0], names)));
  co_return kError;
}

}  // namespace pveplan::cli
