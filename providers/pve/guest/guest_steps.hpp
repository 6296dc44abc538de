#pragma once

#include "model/intent.hpp"
#include "model/step.hpp"
#include "providers/core/context.hpp"
#include "schema/resource_schema.hpp"

/// The operations on a guest that exists, as VMs and templates share them. Each `run_…` checks that
/// the guest is ours, looks whether anything is left to do, and writes at most once; each
/// `settle_…` tells how such a write ended that nobody heard of again.
namespace pveplan::pve {

using RunResult = schema::Result<model::Outcome>;
using SettleResult = schema::Result<model::Resolution>;

/// Brings the config to `after` (digest-guarded). POST where volumes are made or devices of a
/// running guest come and go, PUT otherwise.
async::Task<RunResult> run_configure(core::Context context, const schema::ResourceSchema* schema,
                                     model::Step step);
async::Task<SettleResult> settle_configure(core::Context context,
                                           const schema::ResourceSchema* schema,
                                           model::Intent intent);

/// Grows a disk to an absolute size (goal state).
async::Task<RunResult> run_resize(core::Context context, model::Step step);
async::Task<SettleResult> settle_resize(core::Context context, model::Intent intent);

/// Destroys the volume of a detached disk, once it lies there as `unusedN` (goal state).
async::Task<RunResult> run_discard(core::Context context, model::Step step);
async::Task<SettleResult> settle_discard(core::Context context, model::Intent intent);

/// Puts the guest into its pool, or takes it out (goal state).
async::Task<RunResult> run_pool(core::Context context, model::Step step);
async::Task<SettleResult> settle_pool(core::Context context, model::Intent intent);

/// start, shutdown, reboot (goal states).
async::Task<RunResult> run_power(core::Context context, model::Step step);
async::Task<SettleResult> settle_power(core::Context context, model::Intent intent);

/// Until the guest agent, or the SSH server, answers; an error when it has not in time. The guest
/// stays as it is.
async::Task<RunResult> run_wait(core::Context context, model::Step step);

/// Deletes the guest and the volumes that it refers to (goal state with identity check).
async::Task<RunResult> run_delete(core::Context context, model::Step step);
async::Task<SettleResult> settle_delete(core::Context context, model::Intent intent);

/// Fails with the step's reason, before anything was written.
async::Task<RunResult> run_refuse(model::Step step);

}  // namespace pveplan::pve
