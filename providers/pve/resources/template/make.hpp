#pragma once

#include "providers/pve/guest/guest_steps.hpp"

namespace pveplan::pve {

/// The VM that becomes the template: imports the image, with everything but the right size.
async::Task<RunResult> run_create_template(core::Context context,
                                           const schema::ResourceSchema* schema, model::Step step);
async::Task<SettleResult> settle_template_making(core::Context context,
                                                 const schema::ResourceSchema* schema,
                                                 model::Intent intent);

/// Turns it into a template; there is no way back (goal state).
async::Task<RunResult> run_convert(core::Context context, model::Step step);
async::Task<SettleResult> settle_convert(core::Context context, model::Intent intent);

}  // namespace pveplan::pve
