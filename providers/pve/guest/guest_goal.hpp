#pragma once

#include "model/row.hpp"
#include "providers/core/context.hpp"
#include "providers/pve/guest/config_request.hpp"
#include "providers/pve/guest/guest_access.hpp"

namespace pveplan::pve {

/// The goal of a guest's config as far as `after` and the rows of other resources tell: bridges,
/// images for new disks, the storage of drives that nobody gives one. An image that is not in the
/// state is an error.
schema::Result<ConfigGoal> goal_of(const core::Context& context,
                                   const schema::ResourceSchema& schema,
                                   const schema::ResourceAddress& address,
                                   const schema::Value& after, const std::string& node);

/// The same for a guest that exists: with what is live, and what a configure step says.
schema::Result<ConfigGoal> goal_of_living(const core::Context& context,
                                          const schema::ResourceSchema& schema,
                                          const model::Row& row, const schema::Value& arguments,
                                          const Guest& guest);

/// Whether `after` has another password than was written last.
bool changes_password(const schema::Value& owned, const schema::Value& after);

/// Whether the running guest has the volume, be it that it is to let it go at its next start.
bool is_plugged(const GuestConfig& config, const std::string& volume);

}  // namespace pveplan::pve
