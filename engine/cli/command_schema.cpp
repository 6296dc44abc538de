#include "engine/cli/commands.hpp"
#include "engine/view/reference_page.hpp"
#include "schema/json.hpp"
#include "schema/json_schema.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

using schema::Path;
using schema::Value;

constexpr const char* kTopology = "topology";

const schema::ResourceSchema* type_named(const Program& program, const std::string& type) {
  const auto* found = program.known.schemas().find(type);
  return found != nullptr && found->later.empty() ? found : nullptr;
}

/// The schema of one block instead of that of a topology.
Value json_schema_of(const Program& program, const std::string& type) {
  const auto whole = schema::json_schema(program.known.schemas());
  return Value::map({{"$schema", *whole.find("$schema")},
                     {"$ref", Value::string("#/definitions/" + type)},
                     {"definitions", *whole.find("definitions")}});
}

std::string unknown_type(const Program& program, const std::string& type) {
  std::vector<std::string> names = {kTopology};
  for (const auto& [name, schema] : program.known.schemas().all()) {
    if (schema->later.empty()) names.push_back(name);
  }
  return fmt::format("error: There is no type \"{}\".{} `pveplan schema` lists all of them.\n",
                     type, schema::did_you_mean(type, names));
}

std::string overview(const Program& program) {
  return view::types_text(program.known.schemas()) +
         "topology    [pveplan], [proxmox] and the other blocks that are no resources.\n\n"
         "`pveplan schema TYPE` shows one of them, `pveplan schema --format json` prints the\n"
         "JSON Schema of a topology for editors.\n";
}

}  // namespace

async::Task<int> run_schema(Program& program, Options options) {
  const bool json = options.format == "json";
  if (options.arguments.empty()) {
    program.out(json ? schema::to_pretty_json(schema::json_schema(program.known.schemas()))
                     : overview(program));
    co_return kSuccess;
  }
  const auto& type = options.arguments[0];
  const auto* known = type_named(program, type);
  if (known == nullptr && (type != kTopology || json)) {
    program.err(unknown_type(program, type));
    co_return kError;
  }
  if (json) {
    program.out(schema::to_pretty_json(json_schema_of(program, type)));
  } else {
    program.out(known != nullptr ? view::reference_page(*known) : view::topology_page());
  }
  co_return kSuccess;
}

}  // namespace pveplan::cli
