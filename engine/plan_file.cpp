#include "engine/plan_file.hpp"

#include "engine/plan_form.hpp"
#include "model/sha256.hpp"
#include "schema/json.hpp"
#include "state/members.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using schema::Value;

namespace {

constexpr const char* kFormatName = "pveplan-plan";
constexpr std::uint64_t kFormatVersion = 1;

std::unexpected<schema::Diagnostic> no_plan(const std::string& name, const std::string& why) {
  return std::unexpected(schema::error(
      "Not a saved plan",
      fmt::format(
          "'{}' is not a plan that pveplan saved, or only a part of one: {}. Make a new one "
          "with `pveplan plan -o {}`.",
          name, why, name)));
}

std::unexpected<schema::Diagnostic> damaged(const std::string& name, const std::string& why) {
  return std::unexpected(schema::error(
      "Damaged plan file",
      fmt::format("'{}' is not what pveplan wrote: {}. A plan is never edited by hand; make a new "
                  "one with `pveplan plan -o {}`.",
                  name, why, name)));
}

/// What the id and the checksum are made from.
std::string body_hash(const Value& body) { return model::sha256_hex(schema::to_json(body)); }

}  // namespace

void identify(SavedPlan& saved, const SecretDigest& digest) {
  saved.id = body_hash(plan_form(saved, digest));
}

std::string write_plan_file(SavedPlan& saved, const SecretDigest& digest) {
  auto body = plan_form(saved, digest);
  saved.id = body_hash(body);
  return schema::to_json(
             Value::map({{"format", Value::string(kFormatName)},
                         {"version", Value::integer(static_cast<std::int64_t>(kFormatVersion))},
                         {"program", Value::string(saved.program)},
                         {"created_at", Value::string(saved.created_at)},
                         {"id", Value::string(saved.id)},
                         {"body", std::move(body)}})) +
         "\n";
}

schema::Result<ReadPlan> read_plan_file(std::string_view bytes, const std::string& name,
                                        const SecretsByDigest& secrets) {
  const auto parsed = schema::parse_json(bytes);
  if (!parsed) return no_plan(name, "it is no whole JSON text");
  state::Members members(*parsed);
  if (members.text("format") != kFormatName || !members.wrong().empty())
    return no_plan(name, "it does not say that it is one");
  const auto program = members.text("program");
  if (const auto version = members.number("version"); version != kFormatVersion) {
    return std::unexpected(schema::error(
        "Plan of another version",
        fmt::format("'{}' has the plan format {}, made by pveplan {}; this program reads format {} "
                    "only. Plan again with this program.",
                    name, version, program.empty() ? "of an unknown version" : program,
                    kFormatVersion)));
  }
  const auto created_at = members.text("created_at");
  const auto id = members.text("id");
  const auto body = members.value("body");
  if (!members.wrong().empty()) return damaged(name, "\"" + members.wrong() + "\" is wrong");
  if (const auto rest = members.rest(); !rest.is_null())
    return damaged(name,
                   fmt::format("it has the unknown member \"{}\"", rest.as_fields().front().first));
  if (body_hash(body) != id) return damaged(name, "its checksum does not fit");
  ReadPlan result;
  auto saved = plan_from_form(body, secrets, result.missing_secrets);
  if (!saved) return damaged(name, saved.error());
  result.saved = std::move(*saved);
  result.saved.program = program;
  result.saved.created_at = created_at;
  result.saved.id = id;
  return result;
}

std::string topology_digest(const schema::Topology& topology) {
  const SecretDigest none = [](const std::string&) { return std::string(); };
  std::string text = "topology=" + topology.name;
  for (const auto& resource : topology.resources) {
    text += "\n" + resource.address.text() + "=" +
            schema::to_json(to_plan_value(resource.attributes, none));
    std::set<std::string> needs;
    for (const auto& dependency : resource.dependencies) needs.insert(dependency.target.text());
    for (const auto& need : needs) text += "\n needs " + need;
    for (const auto& path : resource.unset) text += "\n unset " + path;
    for (const auto& path : resource.lifecycle.ignore) text += "\n ignore " + path;
    if (resource.lifecycle.observe) text += "\n observe";
  }
  std::set<std::string> entries;
  for (const auto& each : topology.moved)
    entries.insert("moved " + each.from.text() + " " + each.to.text());
  for (const auto& each : topology.removed)
    entries.insert(fmt::format("removed {} {}", each.address.text(), each.destroy));
  for (const auto& each : topology.imports)
    entries.insert("import " + each.to.text() + " " + each.id);
  for (const auto& entry : entries) text += "\n" + entry;
  return model::sha256_hex(text);
}

}  // namespace pveplan::engine
