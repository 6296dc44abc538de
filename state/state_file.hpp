#pragma once

#include "model/intent.hpp"
#include "model/row.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace pveplan::state {

using IntentId = std::uint64_t;

/// Members that a later program of the same format wrote. They are carried along as they were read
/// and never looked at.
struct UnknownMembers {
  schema::Value file;
  std::map<schema::ResourceAddress, schema::Value> rows;
  std::map<IntentId, schema::Value> intents;
  friend bool operator==(const UnknownMembers&, const UnknownMembers&) = default;
};

/// What we last knew: the content of the snapshot with the journal replayed on top. A value that
/// knows nothing of disks. Equal lineage and serial mean equal content.
///
/// Values are in the form in which JSON gives them back: objects of a schema are maps here.
struct StateFile {
  StateFile() {}  // no aggregate: coroutine parameter (g++ 12)
  std::string program;       ///< version of pveplan that wrote the snapshot
  std::string topology;      ///< name; the state serves no other
  std::string cluster;       ///< identity, "none" without [proxmox]; empty before the first write
  std::string cluster_name;  ///< for display
  std::string lineage;       ///< random, made at the first write; empty: there is no state yet
  std::uint64_t serial = 0;  ///< +1 with every change of the content
  IntentId next_intent = 1;  ///< ids are never used again
  /// Guest ids that this topology destroyed: old backups may still go by them.
  std::set<std::int64_t> retired_vmids;
  std::map<schema::ResourceAddress, model::Row> rows;
  /// Written ahead of a request, outcome not known yet.
  std::map<IntentId, model::Intent> open_intents;
  UnknownMembers unknown;

  /// nullptr when the state does not know the address.
  const model::Row* row(const schema::ResourceAddress& address) const;
  friend bool operator==(const StateFile&, const StateFile&) = default;
};

/// Refuses a state of another topology or cluster. A state that has seen no cluster yet ("none")
/// accepts any.
schema::Result<void> check_origin(const StateFile& state, const std::string& topology,
                                  const std::string& cluster);

}  // namespace pveplan::state
