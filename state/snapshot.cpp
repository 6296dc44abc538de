#include "state/snapshot.hpp"

#include "model/sha256.hpp"
#include "schema/json.hpp"
#include "state/members.hpp"
#include "state/state_v1.hpp"

#include <fmt/format.h>

namespace pveplan::state {
namespace {

using schema::Value;

constexpr std::string_view kHashMember = "\"sha256\":\"";
constexpr std::string_view kEnd = "\"}\n";
constexpr std::size_t kHashLength = 64;
constexpr std::size_t kTailLength = kHashMember.size() + kHashLength + kEnd.size();

void write_member(std::string& out, const char* name, const Value& value) {
  out += fmt::format("\"{}\":{},\n", name, schema::to_json(value));
}

template <typename Items, typename ToValue>
void write_list(std::string& out, const char* name, const Items& items, const ToValue& to_value) {
  out += fmt::format("\"{}\":[", name);
  bool first = true;
  for (const auto& item : items) {
    out += first ? "\n" : ",\n";
    first = false;
    out += schema::to_json(to_value(item));
  }
  out += first ? "],\n" : "\n],\n";
}

template <typename Map, typename Key>
Value unknown_of(const Map& unknown, const Key& key) {
  const auto at = unknown.find(key);
  return at == unknown.end() ? Value() : at->second;
}

void write_header(std::string& out, const StateFile& state) {
  out += '{';
  write_member(out, "format", Value::integer(static_cast<std::int64_t>(v1::kFormat)));
  write_member(out, "program", Value::string(state.program));
  write_member(out, "topology", Value::string(state.topology));
  write_member(out, "cluster", Value::string(state.cluster));
  write_member(out, "cluster_name", Value::string(state.cluster_name));
  write_member(out, "lineage", Value::string(state.lineage));
  write_member(out, "serial", Value::integer(static_cast<std::int64_t>(state.serial)));
  write_member(out, "next_intent", Value::integer(static_cast<std::int64_t>(state.next_intent)));
  Value::List retired;
  for (const auto id : state.retired_vmids) retired.push_back(Value::integer(id));
  write_member(out, "retired_vmids", Value::list(std::move(retired)));
}

schema::Diagnostic damaged(const std::string& what) {
  return schema::error(
      "Damaged state",
      what +
          " Nothing was changed. If it was edited by hand, undo that; otherwise go back to the "
          "newest good file in 'backups' as docs/state-format.md describes, and run `pveplan state "
          "rebuild`, which finds the guests that were made since.");
}

schema::Result<void> check_format(Members& members) {
  const auto format = members.number("format");
  const auto program = members.text("program");
  if (format > v1::kFormat) {
    return std::unexpected(schema::error(
        "State of a newer version",
        fmt::format("The state has format {}, written by pveplan {}; this program reads format {} "
                    "and older. Use pveplan {} or newer.",
                    format, program, v1::kFormat, program)));
  }
  if (format == 0) return std::unexpected(damaged("The state names no format."));
  return {};
}

schema::Result<void> check_hash(std::string_view bytes) {
  const auto hash = snapshot_hash(bytes);
  if (hash.empty()) return std::unexpected(damaged("The state has no checksum at its end."));
  if (model::sha256_hex(bytes.substr(0, bytes.size() - kTailLength)) != hash) {
    return std::unexpected(
        damaged("The state does not have the checksum that it was written with."));
  }
  return {};
}

schema::Result<void> read_rows(const Value::List& items, StateFile& state) {
  for (const auto& item : items) {
    auto wire = v1::row_from(item);
    if (!wire) return std::unexpected(wire.error());
    auto row = v1::to_memory(std::move(*wire));
    if (!row) return std::unexpected(row.error());
    const auto address = row->row.address;
    if (!row->unknown.is_null()) state.unknown.rows.emplace(address, std::move(row->unknown));
    const auto before = state.rows.size();
    state.rows.emplace_hint(state.rows.end(), address, std::move(row->row));
    if (state.rows.size() == before) {
      return std::unexpected(damaged("The state names '" + address.text() + "' twice."));
    }
  }
  return {};
}

schema::Result<void> read_intents(const Value::List& items, StateFile& state) {
  for (const auto& item : items) {
    auto wire = v1::intent_from(item);
    if (!wire) return std::unexpected(wire.error());
    auto intent = v1::to_memory(std::move(*wire));
    if (!intent) return std::unexpected(intent.error());
    const auto id = intent->intent.id;
    if (!intent->unknown.is_null()) state.unknown.intents.emplace(id, std::move(intent->unknown));
    if (id >= state.next_intent || !state.open_intents.emplace(id, intent->intent).second) {
      return std::unexpected(damaged(fmt::format("The state has a wrong intent number {}.", id)));
    }
  }
  return {};
}

}  // namespace

std::string write_snapshot(const StateFile& state) {
  std::string out;
  write_header(out, state);
  write_list(out, "resources", state.rows, [&state](const auto& entry) {
    return to_value(v1::from_memory(entry.second, unknown_of(state.unknown.rows, entry.first)));
  });
  write_list(out, "open_intents", state.open_intents, [&state](const auto& entry) {
    return to_value(v1::from_memory(entry.second, unknown_of(state.unknown.intents, entry.first)));
  });
  if (state.unknown.file.has_fields()) {
    for (const auto& [name, value] : state.unknown.file.as_fields()) {
      out += fmt::format("{}:{},\n", schema::to_json(Value::string(name)), schema::to_json(value));
    }
  }
  const auto hash = model::sha256_hex(out);
  out += kHashMember;
  out += hash;
  out += kEnd;
  return out;
}

schema::Result<StateFile> read_snapshot(std::string_view bytes) {
  const auto value = schema::parse_json(bytes);
  if (!value) return std::unexpected(damaged(value.error().detail));
  Members members(*value);
  if (auto checked = check_format(members); !checked) return std::unexpected(checked.error());
  if (auto checked = check_hash(bytes); !checked) return std::unexpected(checked.error());

  StateFile state;
  state.program = members.text("program");
  state.topology = members.text("topology");
  state.cluster = members.text("cluster");
  state.cluster_name = members.text("cluster_name");
  state.lineage = members.text("lineage");
  state.serial = members.number("serial");
  state.next_intent = members.number("next_intent");
  const auto retired = members.integers("retired_vmids");
  state.retired_vmids.insert(retired.begin(), retired.end());
  const auto rows = members.list("resources");
  const auto intents = members.list("open_intents");
  members.text("sha256");
  state.unknown.file = members.rest();
  if (state.lineage.empty()) members.reject("lineage");
  if (state.next_intent == 0) members.reject("next_intent");
  if (!members.wrong().empty()) {
    return std::unexpected(damaged("The state has no valid member '" + members.wrong() + "'."));
  }
  if (auto read = read_rows(rows, state); !read) return std::unexpected(read.error());
  if (auto read = read_intents(intents, state); !read) return std::unexpected(read.error());
  return state;
}

std::string snapshot_hash(std::string_view bytes) {
  if (bytes.size() < kTailLength) return {};
  const auto tail = bytes.substr(bytes.size() - kTailLength);
  if (!tail.starts_with(kHashMember) || !tail.ends_with(kEnd)) return {};
  const auto hash = tail.substr(kHashMember.size(), kHashLength);
  if (hash.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
  return std::string(hash);
}

}  // namespace pveplan::state
