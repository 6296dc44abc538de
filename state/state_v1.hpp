#pragma once

#include "schema/diagnostic.hpp"
#include "schema/value.hpp"
#include "state/state_file.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Format 1 as it lies on the disk, apart from the types in memory: those may change, this may not.
/// docs/state-format.md describes every member.
namespace pveplan::state::v1 {

inline constexpr std::uint64_t kFormat = 1;

struct Part {
  schema::Value identity, owned;
  bool kept = false;
  schema::Value unknown;
};

struct Row {
  std::string address;
  std::uint64_t schema_version = 1;
  bool incomplete = false;
  bool observed = false;
  schema::Value identity, owned, exported;
  std::map<std::string, Part> parts;
  std::vector<std::string> dependencies;
  std::string nonce, fingerprint;
  schema::Value notes;
  schema::Value unknown;
};

struct Intent {
  std::uint64_t id = 0;
  std::string address, operation;
  schema::Value arguments;
  std::string nonce, server_time, upid;
  schema::Value unknown;
};

schema::Value to_value(const Row& row);
schema::Value to_value(const Intent& intent);
/// Errors name the member that is not of the form.
schema::Result<Row> row_from(const schema::Value& value);
schema::Result<Intent> intent_from(const schema::Value& value);

/// A row in memory and the members that this program does not know. Unknown members of parts stand
/// below "parts".
struct MemoryRow {
  model::Row row;
  schema::Value unknown;
};
Row from_memory(const model::Row& row, const schema::Value& unknown);
schema::Result<MemoryRow> to_memory(Row row);

struct MemoryIntent {
  model::Intent intent;
  schema::Value unknown;
};
Intent from_memory(const model::Intent& intent, const schema::Value& unknown);
schema::Result<MemoryIntent> to_memory(Intent intent);

}  // namespace pveplan::state::v1
