#pragma once

#include "providers/core/context.hpp"
#include "providers/pve/guest_codec/guest_config.hpp"
#include "providers/pve/guest_codec/marker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace pveplan::pve {

/// A guest as it was looked at.
class Guest {
 public:
  Guest() {}
  std::int64_t vmid = 0;
  std::string node;
  GuestConfig config;
  std::string server_time;

  std::string uuid() const;  ///< of smbios1; empty where it has none
  std::optional<Marker> marker() const;
  std::string lock() const { return config.text("lock"); }
};

/// "/nodes/NODE/qemu/VMID" with what follows.
std::string guest_path(const std::string& node, std::int64_t vmid, const std::string& rest);

/// How looking for a guest ended.
class GuestLook {
 public:
  enum class Found { here, absent, elsewhere, unknown };
  GuestLook() {}
  Found found = Found::unknown;
  Guest guest;         ///< when here
  std::string reason;  ///< when elsewhere or unknown
  std::string server_time;
};

/// Reads `/pending` of the guest on that node. Absent is only said when the whole cluster says that
/// the VMID is free and has quorum; a container, or a guest on another node, is elsewhere.
async::Task<GuestLook> look_at_guest(core::Context context, std::string node, std::int64_t vmid);

/// Where the last listing has the guest, else where it was made.
std::string node_of(const core::Context& context, const model::Identity& identity);

/// Whether the guest is the one that the row is about: by uuid, and until that was read back by the
/// nonce of the intent that made it. Empty when it is; else a sentence that says what it is.
std::string not_ours(const Guest& guest, const model::Identity& identity, const std::string& nonce);

/// The guest of a row, checked to be ours: before every write. `row` is what the context has of the
/// resource; null is an error.
async::Task<schema::Result<Guest>> load_ours(core::Context context, const model::Row* row);

/// `status/current`.
class PowerState {
 public:
  PowerState() {}
  bool running = false;
  std::int64_t uptime = 0;
  bool ha_managed = false;
  std::string server_time;
};
async::Task<schema::Result<PowerState>> power_state(core::Context context, std::string node,
                                                    std::int64_t vmid);

}  // namespace pveplan::pve
