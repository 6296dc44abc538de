#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/plan_value.hpp"
#include "engine/state_exports.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/text.hpp"
#include "schema/json.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

using schema::Value;

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
  if (value != nullptr && !engine::lacks_secret(*value)) return *value;
  const auto name = typed.substr(typed.rfind('.') + 1);
  const auto* resource =
      workspace.topology().find({std::string(schema::kOutputType), name, {}, {}});
  const Value* stated = resource == nullptr ? nullptr : resource->attributes.find("value");
  if (stated != nullptr) {
    auto made = engine::resolve_references(*stated, engine::StateExports(state));
    if (!made.contains_reference() && !made.contains_unknown() && !engine::lacks_secret(made))
      return made;
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

/// All outputs, the hidden ones too. A value that cannot be made again is an error.
schema::Result<std::string> everything(const Workspace& workspace, const state::StateFile& state,
                                       bool json) {
  Value::Fields fields;
  auto rows = state.rows;
  for (auto& [address, row] : rows) {
    if (!address.is_output()) continue;
    const bool sensitive = view::is_sensitive_output(row.owned) || engine::lacks_secret(row.owned);
    auto value = full_value(workspace, state, row.owned, address.name);
    if (!value) return std::unexpected(value.error());
    // Without its mark, which would hide it.
    const auto text = value->is_string() ? value->as_string() : schema::to_json(*value);
    row.owned = Value::map({{"value", Value::string(text)}});
    fields.emplace_back(address.name, Value::map({{"sensitive", Value::boolean(sensitive)},
                                                  {"value", std::move(*value)}}));
  }
  return json ? schema::to_pretty_json(Value::map(std::move(fields))) : view::outputs_text(rows);
}

schema::Result<std::string> output_text(const Workspace& workspace, const state::StateFile& state,
                                        const Options& options) {
  const bool json = options.format == "json";
  if (options.arguments.empty()) {
    if (json && !options.show_sensitive)
      return schema::to_pretty_json(view::outputs_json(state.rows));
    const auto text = options.show_sensitive ? everything(workspace, state, json)
                                             : view::outputs_text(state.rows);
    if (!text) return text;
    return text->empty() ? "The state holds no outputs.\n" : *text;
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
