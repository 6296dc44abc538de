#pragma once

#include "model/backup.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::model {

struct NodeFacts {
  std::string name;
  bool online = false;
  std::uint64_t memory = 0;  ///< bytes; 0 where the token may not see it
  std::uint64_t memory_used = 0;
  std::string address{};  ///< the IP address that the cluster knows; empty where it may not be seen
};

struct SnapshotFacts {
  std::string name;
  std::int64_t taken_at = 0;  ///< seconds since 1970
};

/// One entry of `/cluster/resources`: status, name and template lag by about 10 s, node, lock, tags
/// and pool are current (FACTS 18).
struct GuestFacts {
  std::int64_t vmid = 0;
  bool container = false;
  std::string node, name, status, lock, pool, tags, ha_state;
  bool is_template = false;
  std::uint64_t memory = 0;
  std::int64_t uptime = 0;  ///< seconds; lags as status does
  /// Only after a close look: the snapshots, or why they cannot be listed.
  std::optional<std::vector<SnapshotFacts>> snapshots = {};
  std::string snapshots_hidden = {};
  std::optional<BackupFacts> backups = {};  ///< only after a close look
};

struct StorageFacts {
  std::string node, storage, plugin;
  std::vector<std::string> content;
  bool shared = false;
  bool available = false;
  std::uint64_t total = 0, used = 0;  ///< bytes
};

/// What one listing says of the whole cluster: the base of refresh, choices and capacity lines.
struct ClusterFacts {
  ClusterFacts() {}               // no aggregate: coroutine parameter (g++ 12)
  std::string identity = "none";  ///< SHA-256 fingerprint of the cluster's CA
  std::string name;               ///< for display
  int version = 0;                ///< major * 100 + minor: 804
  std::string version_text;       ///< "8.4.21"
  bool quorate = true;
  std::string mac_prefix = "BC:24:11";
  /// The datacenter's own range of VMIDs, both ends included.
  std::int64_t first_vmid = 100, last_vmid = 999'999;
  std::string user;         ///< whom the token belongs to: "root@pam!pveplan"
  std::string server_time;  ///< RFC 3339, when the listing was answered
  std::vector<NodeFacts> nodes;
  std::vector<GuestFacts> guests;
  std::vector<StorageFacts> storages;

  const NodeFacts* node(std::string_view name) const;
  const GuestFacts* guest(std::int64_t vmid) const;
};

}  // namespace pveplan::model
