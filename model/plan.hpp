#pragma once

#include "model/change.hpp"
#include "model/intent.hpp"
#include "model/step.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pveplan::model {

enum class PlanMode {
  converge,
  destroy,
  refresh,  ///< takes what is live into the state and changes nothing else
};
std::string_view name(PlanMode mode);  ///< "converge"

/// What a plan was made from. Apply refuses to run when any of it is no longer so.
struct PlanOrigin {
  std::string topology;
  std::string cluster;       ///< identity: SHA-256 of the cluster's CA, or "none"
  std::string cluster_name;  ///< for display
  std::string lineage;       ///< empty: there was no state yet
  std::uint64_t serial = 0;
  std::string topology_digest;  ///< over the desired resources, so that text order does not matter
  std::string server_version;
  std::uint32_t nodes_online = 0;
  std::uint32_t nodes = 0;
};

/// Why something could not be planned; makes the plan partial.
struct UnknownObject {
  schema::ResourceAddress address;
  std::string reason;
  /// Set: what cannot be seen is this one, and `address` was held back for its sake.
  std::optional<schema::ResourceAddress> blocker = {};
};

/// What reads a value that is not in effect yet: a later plan does it.
struct Postponed {
  schema::ResourceAddress address;
  Action action = Action::no_op;  ///< what will be done then
  std::string reason;             ///< "waits for a restart of vm.db, whose ip it reads"
  schema::ResourceAddress blocker;
};

/// A plan: a value that can be compared, printed, saved and executed.
struct Plan {
  Plan() {}  // no aggregate: coroutine parameter (g++ 12)
  PlanMode mode = PlanMode::converge;
  PlanOrigin origin;
  std::vector<Change> changes;  ///< ordered by address; no-ops are left out
  std::vector<Step> steps;      ///< ids are indices
  std::vector<Drift> drift;
  std::vector<UnknownObject> unknown;
  std::vector<Intent> open_intents;   ///< left by an earlier run, settled in memory
  std::vector<std::string> allowed;   ///< addresses of --allow data-loss=
  std::vector<std::string> restarts;  ///< addresses of --restart
  std::vector<std::string> targets;   ///< of --target: nothing else is planned but what they need
  std::vector<std::string> excludes;  ///< of --exclude: they and what needs them are left out
  std::vector<std::string> replaces;  ///< of --replace
  std::uint64_t left_out = 0;         ///< resources that --target or --exclude leave as they are
  bool refreshed = true;              ///< false: made from the state alone (--refresh=false)
  /// Changes that destroy data and are not named in `allowed`: apply refuses the plan.
  std::vector<schema::ResourceAddress> needs_permission;
  std::uint64_t matching = 0;  ///< resources that need nothing
  std::vector<std::pair<schema::ResourceAddress, std::string>> waiting;  ///< for a restart: what
  /// Living objects that were made from an older version of this image or template.
  std::vector<std::pair<schema::ResourceAddress, std::string>> older;
  std::vector<Postponed> postponed;  ///< by address
  std::uint64_t reads = 0;
  std::uint64_t extra_reads = 0;
  std::uint64_t unmanaged_guests = 0;
  std::vector<std::string> capacity;  ///< "local-lvm pve2 192 of 212 GiB"
  std::vector<schema::Diagnostic> warnings;

  bool empty() const { return changes.empty(); }
  /// Null where nothing is done to `address`.
  const Change* change(const schema::ResourceAddress& address) const;
  bool partial() const { return !unknown.empty(); }
  /// Whether it is about a part of the topology only.
  bool limited() const { return !targets.empty() || !excludes.empty(); }
};

}  // namespace pveplan::model
