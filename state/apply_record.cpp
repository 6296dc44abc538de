#include "state/record.hpp"

#include <fmt/format.h>

namespace pveplan::state {
namespace {

schema::Result<void> refuse(const std::string& detail) {
  return std::unexpected(schema::error("Damaged journal", detail));
}

void apply_delta(const Delta& delta, StateFile& state) {
  for (const auto& address : delta.removed) {
    state.rows.erase(address);
    state.unknown.rows.erase(address);
  }
  for (const auto& [row, unknown] : delta.rows) {
    state.rows.insert_or_assign(row.address, row);
    if (!unknown.is_null()) state.unknown.rows.insert_or_assign(row.address, unknown);
  }
  state.retired_vmids.insert(delta.retired_vmids.begin(), delta.retired_vmids.end());
}

bool is_open(IntentId id, const StateFile& state) { return state.open_intents.contains(id); }

void close(IntentId id, StateFile& state) {
  state.open_intents.erase(id);
  state.unknown.intents.erase(id);
}

schema::Result<void> not_open(IntentId id) {
  return refuse(
      fmt::format("A record of the journal belongs to intent {}, which is not open.", id));
}

schema::Result<void> apply_body(const RunStarted& run, StateFile& state) {
  if (run.lineage == state.lineage) return {};
  return refuse("A record of the journal belongs to a state of another lineage.");
}

schema::Result<void> apply_body(const IntentOpened& opened, StateFile& state) {
  const auto id = opened.intent.id;
  if (id < state.next_intent) {
    return refuse(fmt::format("The journal opens intent {} a second time.", id));
  }
  state.next_intent = id + 1;
  state.open_intents.emplace(id, opened.intent);
  if (!opened.unknown.is_null()) state.unknown.intents.emplace(id, opened.unknown);
  return {};
}

schema::Result<void> apply_body(const TaskStarted& started, StateFile& state) {
  const auto at = state.open_intents.find(started.id);
  if (at == state.open_intents.end()) return not_open(started.id);
  at->second.upid = started.upid;
  return {};
}

schema::Result<void> apply_body(const OutcomeKnown& outcome, StateFile& state) {
  for (const auto id : outcome.closes) {
    if (!is_open(id, state)) return not_open(id);
  }
  for (const auto id : outcome.closes) close(id, state);
  apply_delta(outcome.delta, state);
  return {};
}

schema::Result<void> apply_body(const IntentResolved& resolved, StateFile& state) {
  if (!is_open(resolved.id, state)) return not_open(resolved.id);
  close(resolved.id, state);
  apply_delta(resolved.delta, state);
  return {};
}

schema::Result<void> apply_body(const Edited& edited, StateFile& state) {
  apply_delta(edited.delta, state);
  for (const auto id : edited.unretired_vmids) state.retired_vmids.erase(id);
  if (edited.topology) state.topology = *edited.topology;
  if (edited.cluster) state.cluster = *edited.cluster;
  if (edited.cluster_name) state.cluster_name = *edited.cluster_name;
  return {};
}

schema::Result<void> apply_body(const RunEnded&, StateFile&) { return {}; }

}  // namespace

schema::Result<void> apply(const Record& record, StateFile& state) {
  const auto expected = state.serial + (changes_content(record) ? 1 : 0);
  if (record.serial != expected) {
    return refuse(fmt::format("A record of the journal leads to serial {}, but serial {} is next.",
                              record.serial, expected));
  }
  auto applied =
      std::visit([&state](const auto& body) { return apply_body(body, state); }, record.body);
  if (applied) state.serial = record.serial;
  return applied;
}

}  // namespace pveplan::state
