#pragma once

#include "providers/pve/guest/guest_access.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/guest/guest_steps.hpp"
#include "providers/pve/settle/settle.hpp"

namespace pveplan::pve {

/// The row of a guest after a step on it: what an incomplete guest still owes shrinks to `then`.
model::Row row_after(const model::Row& before, const schema::Value& arguments);

model::Outcome gone(const schema::ResourceAddress& address);
model::Resolution done(model::Outcome outcome);

schema::Diagnostic step_failed(const schema::ResourceAddress& address, std::string summary,
                               std::string detail);

/// For resolve(): the guest that the intent was about, after its task has ended.
class SettledGuest {
 public:
  SettledGuest() {}
  bool open = false;
  std::string reason;        ///< of `open`
  bool exists = false;       ///< and is ours
  bool task_failed = false;  ///< the journaled task
  Guest guest;
  /// For what is not as the intent wanted it: its request can have no effect any more.
  bool can_be_repeated(SettleClock& clock) const {
    return task_failed || clock.has_settled(guest.server_time);
  }
};
/// `task_type` is the type of the Proxmox task that the write forks; the id is the VMID.
async::Task<SettledGuest> look_after_task(core::Context context, model::Intent intent,
                                          std::string task_type);

}  // namespace pveplan::pve
