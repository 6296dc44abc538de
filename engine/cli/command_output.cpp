#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/plan_value.hpp"
#include "engine/state_exports.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/text.hpp"
#include "schema/json.hpp"
#include "schema/suggest.hpp"
#include "schema/value_walk.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

using schema::Value;

/// Whether the state holds a digest, or nothing, in the place of a secret.
bool lacks_secret(const Value& value) {
  return schema::any_inside(value, [](const Value& each) {
    return engine::digest_of_secret(each) != nullptr || each.find("redacted") != nullptr;
  });
}

schema::Result<Value> named_row(const Workspace& workspace, const state::StateFile& state,
                                const std::string& typed) {
  const auto prefix = std::string(schema::kOutputType) + ".";
  const auto name = typed.starts_with(prefix) ? typed.substr(prefix.size()) : typed;
  const schema::ResourceAddress address{std::string(schema::kOutputType), name, {}, {}};
  if (const auto* row = state.row(address)) return row->owned;
  if (workspace.topology().find(address) != nullptr) {
    return std::unexpected(schema::error(
        "Not applied yet",
        fmt::format("The output \"{}\" gets its value when the topology is applied: run pveplan "
                    "apply.",
                    name)));
  }
  std::vector<std::string> names;
  for (const auto& [known, row] : state.rows) {
    if (known.is_output()) names.push_back(known.name);
  }
  return std::unexpected(schema::error(
      "Unknown output",
      fmt::format("There is no output \"{}\".{}", name, schema::did_you_mean(name, names))));
}

/// The state has no secrets: what lacks one is made again from the topology.
schema::Result<Value> full_value(const Workspace& workspace, const state::StateFile& state,
                                 const Value& stored, const std::string& typed) {
  const Value* value = stored.find("value");
  if (value != nullptr && !lacks_secret(*value)) return *value;
  const auto name = typed.substr(typed.rfind('.') + 1);
  const auto* resource =
      workspace.topology().find({std::string(schema::kOutputType), name, {}, {}});
  const Value* stated = resource == nullptr ? nullptr : resource->attributes.find("value");
  if (stated != nullptr) {
    auto made = engine::resolve_references(*stated, engine::StateExports(state));
    if (!made.contains_reference() && !made.contains_unknown() && !lacks_secret(made)) return made;
  }
  return std::unexpected(schema::error(
      "Value not kept",
      fmt::format(
          "The output \"{}\" holds a secret, which the state does not keep and the topology "
          "alone does not give.",
          name)));
}

schema::Result<std::string> raw_text(const Value& value, const std::string& name) {
  if (value.is_string()) return value.as_string();
  if (value.kind() == Value::Kind::list || value.has_fields()) {
    return std::unexpected(schema::error(
        "No plain value", fmt::format("The output \"{}\" is {}: print it with --format json.", name,
                                      schema::kind_name(value.kind()))));
  }
  return schema::to_json(value);
}

Value json_of_all(const state::StateFile& state) {
  Value::Fields fields;
  for (const auto& [address, row] : state.rows) {
    if (!address.is_output()) continue;
    const Value* value = row.owned.find("value");
    const bool hidden =
        view::is_sensitive_output(row.owned) || value == nullptr || lacks_secret(*value);
    fields.emplace_back(address.name, Value::map({{"sensitive", Value::boolean(hidden)},
                                                  {"value", hidden ? Value() : *value}}));
  }
  return Value::map(std::move(fields));
}

schema::Result<std::string> output_text(const Workspace& workspace, const state::StateFile& state,
                                        const Options& options) {
  const bool json = options.format == "json";
  if (options.arguments.empty()) {
    if (json) return schema::to_pretty_json(json_of_all(state));
    const auto text = view::outputs_text(state.rows);
    return text.empty() ? "The state holds no outputs.\n" : text;
  }
  const auto& name = options.arguments[0];
  const auto stored = named_row(workspace, state, name);
  if (!stored) return std::unexpected(stored.error());
  const auto value = full_value(workspace, state, *stored, name);
  if (!value) return std::unexpected(value.error());
  if (options.raw) return raw_text(*value, name);
  return json || !value->is_string() ? schema::to_json(*value) + "\n" : value->as_string() + "\n";
}

}  // namespace

async::Task<int> run_output(Program& program, Options options) {
  const auto workspace = open_workspace(program, options);
  if (!workspace) co_return kError;
  const auto loaded = co_await read_state(program, &options, *workspace);
  if (!loaded) co_return kError;
  const auto text = output_text(*workspace, loaded->state, options);
  if (!text) {
    print_diagnostic(program, options, workspace->sources(), text.error());
    co_return kError;
  }
  program.out(*text);
  co_return kSuccess;
}

}  // namespace pveplan::cli
