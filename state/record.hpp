#pragma once

#include "model/intent.hpp"
#include "schema/diagnostic.hpp"
#include "state/state_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pveplan::state {

/// What a record does to the rows. Removals come first, so that an address may be given again.
struct Delta {
  struct NewRow {
    model::Row row;
    schema::Value unknown;
    friend bool operator==(const NewRow&, const NewRow&) = default;
  };
  std::vector<schema::ResourceAddress> removed;
  std::vector<NewRow> rows;
  std::vector<std::int64_t> retired_vmids;
  friend bool operator==(const Delta&, const Delta&) = default;
};

/// First record of every journal, and of every run that goes on with one. Names what the journal
/// continues: no other snapshot may be replayed with it.
struct RunStarted {
  std::uint64_t format = 1;
  std::string lineage;
  std::uint64_t base_serial = 0;
  std::string base_hash;
  std::string id, operation, who, program, time;
  friend bool operator==(const RunStarted&, const RunStarted&) = default;
};

struct IntentOpened {
  model::Intent intent;
  schema::Value unknown;
  friend bool operator==(const IntentOpened&, const IntentOpened&) = default;
};

/// The server answered with a task.
struct TaskStarted {
  IntentId id = 0;
  std::string upid;
  friend bool operator==(const TaskStarted&, const TaskStarted&) = default;
};

struct OutcomeKnown {
  std::vector<IntentId> closes;
  Delta delta;
  friend bool operator==(const OutcomeKnown&, const OutcomeKnown&) = default;
};

/// An intent of an earlier run was settled by looking at the server.
struct IntentResolved {
  IntentId id = 0;
  std::string text;
  Delta delta;
  friend bool operator==(const IntentResolved&, const IntentResolved&) = default;
};

/// A change that no operation made: `state mv`, `accept`, the first sight of the cluster.
struct Edited {
  std::string description;
  Delta delta;
  std::optional<std::string> topology, cluster, cluster_name;
  std::vector<std::int64_t> unretired_vmids;
  friend bool operator==(const Edited&, const Edited&) = default;
};

struct RunEnded {
  std::string time;
  friend bool operator==(const RunEnded&, const RunEnded&) = default;
};

/// One entry of the journal. `serial` is the state's after the entry: RunStarted and RunEnded leave
/// it as it is, every other entry adds one.
struct Record {
  std::uint64_t serial = 0;
  std::variant<RunStarted, IntentOpened, TaskStarted, OutcomeKnown, IntentResolved, Edited,
               RunEnded>
      body;
  friend bool operator==(const Record&, const Record&) = default;
};

bool changes_content(const Record& record);

/// Canonical JSON of a record, without the frame around it, and back.
std::string write_record(const Record& record);
schema::Result<Record> read_record(std::string_view json);

/// Does to the state what the record says; replay and live sessions share it, so that a later run
/// reads exactly what this one believes. Refuses a record that does not follow on the state.
schema::Result<void> apply(const Record& record, StateFile& state);

}  // namespace pveplan::state
