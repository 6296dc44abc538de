#pragma once

#include "model/row.hpp"
#include "providers/core/api.hpp"
#include "providers/pve/guest/part_names.hpp"
#include "providers/pve/guest_codec/guest_config.hpp"
#include "providers/pve/guest_codec/marker.hpp"
#include "schema/resource_schema.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::pve {

/// Everything that decides what a guest's config must be told.
struct ConfigGoal {
  const schema::ObjectSchema* schema = nullptr;
  schema::Value after;  ///< all attributes that will be ours
  schema::Value owned;  ///< what we wrote before; null for a new guest
  GuestConfig live;     ///< empty for a new guest
  PartNames names;      ///< of the live parts
  std::optional<Marker> marker;
  std::vector<std::string> reset;    ///< paths that go back to the server's default: "cores"
  std::vector<std::string> removed;  ///< parts that go: "disk.data", "nic.lan"
  /// Volumes of detached disks that wait to be attached again, by disk name.
  std::map<std::string, std::string> detached;
  std::map<std::string, std::string> bridges;  ///< interface names by what `nic.bridge` says
  std::map<std::string, std::string> imports;  ///< volumes to fill new disks from, by disk name
  std::string storage;                         ///< for drives that nobody gives a storage
  bool cloud_init_drive = false;               ///< wanted, whether `cloud_init` is stated or not
};

/// What one create, or one config call, sends.
struct ConfigRequest {
  core::Parameters set;
  std::vector<std::string> remove;
  bool allocates = false;      ///< volumes are made: send it as a task
  bool plugs = false;          ///< devices of a running guest come and go
  bool at_next_start = false;  ///< what cloud-init sees changes, which never shows as pending
  std::vector<std::string> storages;  ///< on which volumes are made, sorted, each once

  bool empty() const { return set.empty() && remove.empty(); }
  const std::string* find(std::string_view key) const;
};

/// Compares what is wanted with what is there; what is right already is left out.
ConfigRequest config_request(const ConfigGoal& goal);

}  // namespace pveplan::pve
