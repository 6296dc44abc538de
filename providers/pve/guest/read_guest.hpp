#pragma once

#include "model/live.hpp"
#include "providers/core/context.hpp"
#include "schema/resource_schema.hpp"

namespace pveplan::pve {

/// Reads a VM or template with one `/pending`, and with `status/current` only where the cluster's
/// listing cannot tell the run state (DEFINITIONS 4). Node, lock, HA state and pool come from the
/// listing. `row` is null for a guest that is not in the state: then the answer tells whether the
/// VMID is free.
///
/// `attributes.node` stays what the row says, since a live move is shown and left: where the guest
/// is stands in the identity and the facts. The fact `awaits_start` says that cloud-init keys or
/// the name were written after the guest's last start; `held_addresses` are those that it gave up
/// then and still answers to.
async::Task<schema::Result<model::ReadOutcome>> read_guest(core::Context context,
                                                           const schema::ResourceSchema* schema,
                                                           model::Identity identity,
                                                           const model::Row* row);

}  // namespace pveplan::pve
