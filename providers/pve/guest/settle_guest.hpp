#pragma once

#include "providers/pve/guest/guest_access.hpp"
#include "providers/pve/settle/settle.hpp"

#include <string>

namespace pveplan::pve {

/// Where a guest was to be made, and which task would make it. The task of a clone runs on the
/// source's node and carries the source's VMID (FACTS 9.1).
class MakingPlace {
 public:
  MakingPlace() {}
  std::int64_t vmid = 0;
  std::string node;
  std::string task_node;
  std::string task_type;  ///< "qmcreate", "qmclone"
  std::string task_id;
};

/// How a create or clone that nobody heard of again ended.
class MadeGuest {
 public:
  enum class End { ours, not_made, open, taken };
  MadeGuest() {}
  End end = End::open;
  Guest guest;         ///< when ours: there, and unlocked
  std::string reason;  ///< otherwise
};

/// Keyed create, as ENGINEERING 3 has it: our task runs → wait; locked `create` or `clone` → wait;
/// absent, and the journaled task failed or 30 s of server time passed → not made; the intent's
/// nonce in the marker → ours; anything else → taken. Only reads.
async::Task<MadeGuest> settle_making(core::Context context, model::Intent intent,
                                     MakingPlace place);

/// The guest after a create or clone of this very run was answered with success, or with "already
/// exists" after an attempt whose answer was lost: waits while it is still being made. Empty when
/// it cannot be read now.
async::Task<std::optional<Guest>> find_made(core::Context context, std::string node,
                                            std::int64_t vmid);

/// Whether a write failed because somebody, maybe an earlier attempt of ours, has the key.
bool met_existing(const core::WriteResult& result);

schema::Diagnostic vmid_taken(const schema::ResourceAddress& address, std::int64_t vmid,
                              const std::string& by);

/// The settled making as a resolution; `row` is the one to store when the guest is ours.
model::Resolution resolution_of(const MadeGuest& made, const schema::ResourceAddress& address,
                                std::int64_t vmid, std::optional<model::Row> row);

}  // namespace pveplan::pve
