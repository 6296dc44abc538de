#pragma once

#include "providers/pve/guest/config_request.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/settle_guest.hpp"

#include <functional>

namespace pveplan::pve {

/// One create or clone: the request, where its guest appears, and how its row looks.
class Making {
 public:
  Making(core::ApiRequest request_, MakingPlace place_, model::Row row_)
      : request(std::move(request_)), place(std::move(place_)), row(std::move(row_)) {}
  core::ApiRequest request;
  MakingPlace place;
  core::Parameters secrets;
  /// Complete but for what only the made guest tells: uuid and parts.
  model::Row row;
};

/// Looks that the VMID is free, writes, waits, reads back. What is certainly made is never lost: if
/// the guest cannot be read back, its row goes without uuid and is recognised by its nonce.
async::Task<schema::Result<model::Outcome>> make_guest(core::Context context, Making making);

/// The row of a guest that was made: with identity and parts as they were read back.
model::Row row_of_made(model::Row row, const Guest& guest);

/// The bridges that `nic.…bridge` names, as interfaces: a block of the topology or just a name.
std::map<std::string, std::string> bridges_of(const core::Context& context,
                                              const schema::Value& after, const std::string& node);

/// The row of an image, template or bridge as seen from a node: its instance there, else the one on
/// shared storage.
const model::Row* row_on_node(const core::Context& context, const std::string& type,
                              const std::string& name, const std::string& node);

/// The Proxmox id of a pool that the topology names.
std::string pool_id(const core::Context& context, const std::string& name);

}  // namespace pveplan::pve
