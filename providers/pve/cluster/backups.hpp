#pragma once

#include "model/cluster.hpp"
#include "providers/core/api.hpp"

#include <cstdint>
#include <set>

namespace pveplan::pve {

/// Looks for the newest backup of each of these guests on every storage that holds backups, and
/// puts it into `cluster`. A server leaves out what the caller may not see and answers 200 all the
/// same (FACTS 14.2), so where nothing is listed the rights are asked for. Reads a storage once.
async::Task<void> look_for_backups(core::Api& api, model::ClusterFacts* cluster,
                                   std::set<std::int64_t> vmids);

}  // namespace pveplan::pve
