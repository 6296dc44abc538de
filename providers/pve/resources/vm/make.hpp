#pragma once

#include "providers/pve/guest/guest_steps.hpp"

namespace pveplan::pve {

/// `create`: an empty VM, or one whose first disk is filled from an image.
async::Task<RunResult> run_create_vm(core::Context context, const schema::ResourceSchema* schema,
                                     model::Step step);
/// `clone`: from a template of this topology, full or linked.
async::Task<RunResult> run_clone_vm(core::Context context, const schema::ResourceSchema* schema,
                                    model::Step step);
/// Both, after a lost answer.
async::Task<SettleResult> settle_vm_making(core::Context context,
                                           const schema::ResourceSchema* schema,
                                           model::Intent intent);

}  // namespace pveplan::pve
