#pragma once

#include "model/row.hpp"
#include "providers/core/resource_type.hpp"

#include <vector>

namespace pveplan::pve {

/// The operation that deletes the file of a replaced image: the row stays, for the new file.
inline constexpr const char* kDeleteOldImage = "delete_old";

/// Identities of files that replacements have left and that are still to be deleted, as a row's
/// notes, a change's facts or a step's arguments hold them.
std::vector<model::Identity> leaving_images(const schema::Value& holder);
bool is_leaving(const schema::Value& holder, const model::Identity& identity);
/// The row is incomplete as long as there is one.
void set_leaving_images(model::Row& row, std::vector<model::Identity> leaving);

/// Of both operations that delete.
async::Task<schema::Result<model::Outcome>> run_image_delete(core::Context context,
                                                             model::Step step);
async::Task<schema::Result<model::Resolution>> settle_image_delete(core::Context context,
                                                                   model::Intent intent);

}  // namespace pveplan::pve
