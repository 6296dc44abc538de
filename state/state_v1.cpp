#include "state/state_v1.hpp"

#include "state/members.hpp"

#include <fmt/format.h>

#include <climits>

namespace pveplan::state::v1 {
namespace {

using schema::Value;

schema::Diagnostic malformed(std::string_view what, std::string_view member) {
  return schema::error("Damaged state",
                       fmt::format("{} has no valid member '{}'. Go back to a backup as "
                                   "docs/state-format.md describes.",
                                   what, member));
}

Value to_value(const Part& part) {
  MemberWriter writer;
  writer.put("identity", part.identity);
  writer.put("owned", part.owned);
  if (part.kept) writer.put("kept", Value::boolean(true));
  writer.put_missing(part.unknown);
  return writer.take();
}

Value parts_value(const std::map<std::string, Part>& parts) {
  if (parts.empty()) return {};
  Value::Fields fields;
  fields.reserve(parts.size());
  for (const auto& [name, part] : parts) fields.emplace_back(name, to_value(part));
  return Value::map(std::move(fields));
}

/// Empty when the part is not of the form.
std::optional<Part> part_from(const Value& value) {
  Members members(value);
  Part part;
  part.identity = members.value("identity");
  part.owned = members.value("owned");
  part.kept = members.flag("kept");
  part.unknown = members.rest();
  if (!members.wrong().empty()) return std::nullopt;
  return part;
}

void read_parts(Members& members, std::map<std::string, Part>& parts) {
  const Value value = members.value("parts");
  if (value.is_null()) return;
  if (!value.has_fields()) return members.reject("parts");
  for (const auto& [name, held] : value.as_fields()) {
    auto part = part_from(held);
    if (!part) return members.reject("parts");
    parts.emplace(name, std::move(*part));
  }
}

bool read_incomplete(Members& members) {
  const auto status = members.text("status");
  if (!status.empty() && status != "incomplete") members.reject("status");
  return status == "incomplete";
}

bool read_observed(Members& members) {
  const auto manage = members.text("manage");
  if (!manage.empty() && manage != "observe") members.reject("manage");
  return manage == "observe";
}

}  // namespace

Value to_value(const Row& row) {
  MemberWriter writer;
  writer.put("address", row.address);
  writer.put("schema_version", row.schema_version);
  if (row.incomplete) writer.put("status", std::string("incomplete"));
  if (row.observed) writer.put("manage", std::string("observe"));
  writer.put("identity", row.identity);
  writer.put("owned", row.owned);
  writer.put("exported", row.exported);
  writer.put("parts", parts_value(row.parts));
  writer.put("dependencies", text_list(row.dependencies));
  writer.put("nonce", row.nonce);
  writer.put("fingerprint", row.fingerprint);
  writer.put("notes", row.notes);
  writer.put_missing(row.unknown);
  return writer.take();
}

Value to_value(const Intent& intent) {
  MemberWriter writer;
  writer.put("id", intent.id);
  writer.put("address", intent.address);
  writer.put("operation", intent.operation);
  writer.put("arguments", intent.arguments);
  writer.put("nonce", intent.nonce);
  writer.put("server_time", intent.server_time);
  writer.put("upid", intent.upid);
  writer.put_missing(intent.unknown);
  return writer.take();
}

schema::Result<Row> row_from(const Value& value) {
  Members members(value);
  Row row;
  row.address = members.text("address");
  row.schema_version = members.number("schema_version");
  if (row.schema_version == 0 || row.schema_version > INT_MAX) members.reject("schema_version");
  row.incomplete = read_incomplete(members);
  row.observed = read_observed(members);
  row.identity = members.value("identity");
  row.owned = members.value("owned");
  row.exported = members.value("exported");
  read_parts(members, row.parts);
  row.dependencies = members.texts("dependencies");
  row.nonce = members.text("nonce");
  row.fingerprint = members.text("fingerprint");
  row.notes = members.value("notes");
  row.unknown = members.rest();
  if (!members.wrong().empty()) {
    return std::unexpected(malformed("The row '" + row.address + "'", members.wrong()));
  }
  return row;
}

schema::Result<Intent> intent_from(const Value& value) {
  Members members(value);
  Intent intent;
  intent.id = members.number("id");
  if (intent.id == 0) members.reject("id");
  intent.address = members.text("address");
  intent.operation = members.text("operation");
  intent.arguments = members.value("arguments");
  intent.nonce = members.text("nonce");
  intent.server_time = members.text("server_time");
  intent.upid = members.text("upid");
  intent.unknown = members.rest();
  if (!members.wrong().empty()) {
    return std::unexpected(malformed(fmt::format("Intent {}", intent.id), members.wrong()));
  }
  return intent;
}

Row from_memory(const model::Row& row, const Value& unknown) {
  Row wire;
  wire.address = row.address.text();
  wire.schema_version = static_cast<std::uint64_t>(row.schema_version);
  wire.incomplete = row.status == model::RowStatus::incomplete;
  wire.observed = row.observed;
  wire.identity = row.identity;
  wire.owned = row.owned;
  wire.exported = row.exported;
  const Value* unknown_parts = unknown.find("parts");
  for (const auto& [name, part] : row.parts) {
    const Value* extra = unknown_parts != nullptr ? unknown_parts->find(name) : nullptr;
    wire.parts.emplace(
        name, Part{part.identity, part.owned, part.kept, extra != nullptr ? *extra : Value()});
  }
  for (const auto& target : row.dependencies) wire.dependencies.push_back(target.text());
  wire.nonce = row.nonce;
  wire.fingerprint = row.fingerprint;
  wire.notes = row.notes;
  if (!unknown.is_null()) wire.unknown = unknown.with(schema::Path::parse("parts"), Value());
  return wire;
}

namespace {

/// What a record exports repeats what it owns: equal tables of a row are held once.
Value sharing(Value exported, const Value& owned) {
  if (!exported.has_fields() || !owned.has_fields()) return exported;
  auto fields = exported.as_fields();
  bool shared = false;
  for (auto& [name, value] : fields) {
    if (!value.has_fields()) continue;
    for (const auto& [other, held] : owned.as_fields()) {
      if (!held.has_fields() || !(held == value)) continue;
      value = held;
      shared = true;
      break;
    }
  }
  return shared ? Value::map(std::move(fields)) : exported;
}

}  // namespace

schema::Result<MemoryRow> to_memory(Row wire) {
  MemoryRow result;
  auto& row = result.row;
  const auto address = schema::parse_address(wire.address);
  if (!address) return std::unexpected(malformed("A row", "address"));
  row.address = *address;
  row.schema_version = static_cast<int>(wire.schema_version);
  row.status = wire.incomplete ? model::RowStatus::incomplete : model::RowStatus::ok;
  row.observed = wire.observed;
  row.identity = std::move(wire.identity);
  row.owned = std::move(wire.owned);
  row.exported = sharing(std::move(wire.exported), row.owned);
  Value::Fields unknown_parts;
  for (auto& [name, part] : wire.parts) {
    if (!part.unknown.is_null()) unknown_parts.emplace_back(name, part.unknown);
    row.parts.emplace(name,
                      model::PartRow{std::move(part.identity), std::move(part.owned), part.kept});
  }
  for (const auto& text : wire.dependencies) {
    const auto target = schema::parse_address(text);
    if (!target)
      return std::unexpected(malformed("The row '" + wire.address + "'", "dependencies"));
    row.dependencies.push_back(*target);
  }
  row.nonce = std::move(wire.nonce);
  row.fingerprint = std::move(wire.fingerprint);
  row.notes = std::move(wire.notes);
  result.unknown = std::move(wire.unknown);
  if (!unknown_parts.empty()) {
    result.unknown = (result.unknown.is_null() ? Value::map({}) : result.unknown)
                         .with(schema::Path::parse("parts"), Value::map(std::move(unknown_parts)));
  }
  return result;
}

Intent from_memory(const model::Intent& intent, const Value& unknown) {
  Intent wire;
  wire.id = intent.id;
  wire.address = intent.address.text();
  wire.operation = intent.operation;
  wire.arguments = intent.arguments;
  wire.nonce = intent.nonce;
  wire.server_time = intent.server_time;
  wire.upid = intent.upid;
  wire.unknown = unknown;
  return wire;
}

schema::Result<MemoryIntent> to_memory(Intent wire) {
  MemoryIntent result;
  const auto address = schema::parse_address(wire.address);
  if (!address) return std::unexpected(malformed(fmt::format("Intent {}", wire.id), "address"));
  result.intent.id = wire.id;
  result.intent.address = *address;
  result.intent.operation = std::move(wire.operation);
  result.intent.arguments = std::move(wire.arguments);
  result.intent.nonce = std::move(wire.nonce);
  result.intent.server_time = std::move(wire.server_time);
  result.intent.upid = std::move(wire.upid);
  result.unknown = std::move(wire.unknown);
  return result;
}

}  // namespace pveplan::state::v1
