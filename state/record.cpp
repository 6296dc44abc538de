#include "state/record.hpp"

#include "schema/json.hpp"
#include "state/members.hpp"
#include "state/state_v1.hpp"

#include <fmt/format.h>

namespace pveplan::state {
namespace {

using schema::Value;

Value::List integer_list(const std::vector<std::int64_t>& numbers) {
  Value::List result;
  for (const auto number : numbers) result.push_back(Value::integer(number));
  return result;
}

Value::List id_list(const std::vector<IntentId>& ids) {
  Value::List result;
  for (const auto id : ids) result.push_back(Value::integer(static_cast<std::int64_t>(id)));
  return result;
}

void put_delta(MemberWriter& writer, const Delta& delta) {
  Value::List removed, rows;
  for (const auto& address : delta.removed) removed.push_back(Value::string(address.text()));
  for (const auto& [row, unknown] : delta.rows) {
    rows.push_back(to_value(v1::from_memory(row, unknown)));
  }
  writer.put("removed", std::move(removed));
  writer.put("rows", std::move(rows));
  writer.put("retired_vmids", integer_list(delta.retired_vmids));
}

void put_optional(MemberWriter& writer, const char* name, const std::optional<std::string>& text) {
  if (text) writer.put(name, Value::string(*text));
}

/// One overload a kind: its name, and its members.
std::string put_body(MemberWriter& writer, const RunStarted& run) {
  writer.put("format", run.format);
  writer.put("lineage", run.lineage);
  writer.put("base_serial", run.base_serial);
  writer.put("base_sha256", run.base_hash);
  writer.put("id", run.id);
  writer.put("operation", run.operation);
  writer.put("who", run.who);
  writer.put("program", run.program);
  writer.put("time", run.time);
  return "run";
}
std::string put_body(MemberWriter& writer, const IntentOpened& opened) {
  writer.put("intent", to_value(v1::from_memory(opened.intent, opened.unknown)));
  return "intent";
}
std::string put_body(MemberWriter& writer, const TaskStarted& started) {
  writer.put("id", started.id);
  writer.put("upid", started.upid);
  return "started";
}
std::string put_body(MemberWriter& writer, const OutcomeKnown& outcome) {
  writer.put("closes", id_list(outcome.closes));
  put_delta(writer, outcome.delta);
  return "outcome";
}
std::string put_body(MemberWriter& writer, const IntentResolved& resolved) {
  writer.put("id", resolved.id);
  writer.put("text", resolved.text);
  put_delta(writer, resolved.delta);
  return "resolved";
}
std::string put_body(MemberWriter& writer, const Edited& edited) {
  writer.put("description", edited.description);
  put_delta(writer, edited.delta);
  put_optional(writer, "topology", edited.topology);
  put_optional(writer, "cluster", edited.cluster);
  put_optional(writer, "cluster_name", edited.cluster_name);
  writer.put("unretired_vmids", integer_list(edited.unretired_vmids));
  return "edit";
}
std::string put_body(MemberWriter& writer, const RunEnded& ended) {
  writer.put("time", ended.time);
  return "end";
}

Delta take_delta(Members& members) {
  Delta delta;
  for (const auto& text : members.texts("removed")) {
    if (const auto address = schema::parse_address(text)) {
      delta.removed.push_back(*address);
    } else {
      members.reject("removed");
    }
  }
  for (const auto& item : members.list("rows")) {
    auto wire = v1::row_from(item);
    auto row = wire ? v1::to_memory(std::move(*wire)) : std::unexpected(wire.error());
    if (row) {
      delta.rows.push_back({std::move(row->row), std::move(row->unknown)});
    } else {
      members.reject("rows");
    }
  }
  delta.retired_vmids = members.integers("retired_vmids");
  return delta;
}

std::optional<std::string> take_optional(Members& members, const char* name) {
  const auto value = members.value(name);
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return value.as_string();
  members.reject(name);
  return std::nullopt;
}

RunStarted take_run(Members& members) {
  RunStarted run;
  run.format = members.number("format");
  run.lineage = members.text("lineage");
  run.base_serial = members.number("base_serial");
  run.base_hash = members.text("base_sha256");
  run.id = members.text("id");
  run.operation = members.text("operation");
  run.who = members.text("who");
  run.program = members.text("program");
  run.time = members.text("time");
  return run;
}

IntentOpened take_intent(Members& members) {
  auto wire = v1::intent_from(members.value("intent"));
  auto intent = wire ? v1::to_memory(std::move(*wire)) : std::unexpected(wire.error());
  if (!intent) {
    members.reject("intent");
    return {};
  }
  return {std::move(intent->intent), std::move(intent->unknown)};
}

OutcomeKnown take_outcome(Members& members) {
  OutcomeKnown outcome;
  for (const auto id : members.integers("closes")) {
    outcome.closes.push_back(static_cast<IntentId>(id));
  }
  outcome.delta = take_delta(members);
  return outcome;
}

Edited take_edit(Members& members) {
  Edited edited;
  edited.description = members.text("description");
  edited.delta = take_delta(members);
  edited.topology = take_optional(members, "topology");
  edited.cluster = take_optional(members, "cluster");
  edited.cluster_name = take_optional(members, "cluster_name");
  edited.unretired_vmids = members.integers("unretired_vmids");
  return edited;
}

}  // namespace

bool changes_content(const Record& record) {
  return !std::holds_alternative<RunStarted>(record.body) &&
         !std::holds_alternative<RunEnded>(record.body);
}

std::string write_record(const Record& record) {
  MemberWriter writer;
  const auto kind =
      std::visit([&writer](const auto& body) { return put_body(writer, body); }, record.body);
  writer.put("kind", kind);
  writer.put("serial", record.serial);
  return schema::to_json(writer.take());
}

schema::Result<Record> read_record(std::string_view json) {
  const auto value = schema::parse_json(json);
  if (!value) return std::unexpected(value.error());
  Members members(*value);
  Record record;
  record.serial = members.number("serial");
  const auto kind = members.text("kind");
  if (kind == "run") {
    record.body = take_run(members);
  } else if (kind == "intent") {
    record.body = take_intent(members);
  } else if (kind == "started") {
    record.body = TaskStarted{members.number("id"), members.text("upid")};
  } else if (kind == "outcome") {
    record.body = take_outcome(members);
  } else if (kind == "resolved") {
    record.body = IntentResolved{members.number("id"), members.text("text"), take_delta(members)};
  } else if (kind == "edit") {
    record.body = take_edit(members);
  } else if (kind == "end") {
    record.body = RunEnded{members.text("time")};
  } else {
    members.reject("kind");
  }
  if (members.wrong().empty()) return record;
  return std::unexpected(
      schema::error("Damaged journal",
                    fmt::format("A record of the journal, of the kind '{}', has no valid member "
                                "'{}'.",
                                kind, members.wrong())));
}

}  // namespace pveplan::state
