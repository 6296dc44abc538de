#pragma once

#include "model/cluster.hpp"
#include "providers/async/task.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pveplan::core {

/// A guest whose description says that some topology made it.
class GuestMarker {
 public:
  GuestMarker() {}
  std::int64_t guest = 0;  ///< the guest that says so
  std::string node;
  std::string topology, address, nonce;
  std::int64_t vmid = 0;  ///< whom the marker names: a copy names its original
};

/// What stands around new objects: read only when something is newly chosen, since it costs a call
/// for each guest, storage or node.
class Surroundings {
 public:
  Surroundings() {}
  std::set<std::string> macs;       ///< of the guests that are not ours, in upper case
  std::set<std::string> addresses;  ///< IPv4 without prefix, of the same guests
  std::uint64_t guests_seen = 0, guests_unreadable = 0;
  /// Guests that do not exist any more may have left backups or volumes under their id.
  std::set<std::int64_t> vmids_with_volumes;
  std::map<std::string, std::set<std::string>> bridges;  ///< by node
  std::vector<GuestMarker> markers;                      ///< of the same guests
  std::uint64_t reads = 0;
};

/// What of the surroundings is needed.
class SurroundingsRequest {
 public:
  SurroundingsRequest() {}
  bool guests = false;                   ///< MACs and addresses
  bool volumes = false;                  ///< ids that backups or volumes go by
  std::set<std::string> bridges_of;      ///< nodes
  std::set<std::int64_t> unread_guests;  ///< known, or of no interest
};

/// Guests that must be known exactly before anything is decided about them.
class CloseLook {
 public:
  CloseLook() {}
  std::set<std::int64_t> run_states;
  std::set<std::int64_t> snapshots;
  std::set<std::int64_t> backups;
};

/// Reads what one listing says of the whole cluster.
class ClusterReader {
 public:
  virtual ~ClusterReader() = default;
  virtual async::Task<schema::Result<model::ClusterFacts>> load() = 0;
  /// `GET /cluster/nextid?vmid=N` answers N: no guest of the whole cluster has the id, hidden ones
  /// and those of offline nodes included (FACTS 18.4).
  virtual async::Task<schema::Result<bool>> vmid_is_free(std::int64_t vmid) = 0;
  /// Parts that the token may not read are left out; nothing is concluded from their absence.
  virtual async::Task<schema::Result<Surroundings>> look_around(model::ClusterFacts cluster,
                                                                SurroundingsRequest request) = 0;
  /// `cluster` with the run state and uptime of these guests as they are now, since the listing
  /// lags by 10 s (FACTS 18), and with the snapshots and backups of some of them.
  virtual async::Task<model::ClusterFacts> look_closely(model::ClusterFacts cluster,
                                                        CloseLook look) = 0;
};

}  // namespace pveplan::core
