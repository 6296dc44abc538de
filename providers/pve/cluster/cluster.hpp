#pragma once

#include "model/cluster.hpp"
#include "providers/core/api.hpp"

#include <cstdint>
#include <string>

namespace pveplan::pve {

/// Reads what one listing says of the whole cluster, in five calls: version, status, resources,
/// datacenter options and the certificates of one node. `user` is whom the token belongs to.
/// Parts that the token may not read keep their defaults; nothing is concluded from their absence.
async::Task<schema::Result<model::ClusterFacts>> load_cluster_facts(core::Api& api,
                                                                    std::string user);

/// Whether no guest of the whole cluster has this VMID, whoever may see it and whether its node is
/// up or not: the only sure test of absence (FACTS 18.4).
async::Task<schema::Result<bool>> vmid_is_free(core::Api& api, std::int64_t vmid);

/// Reads an answer of `nextid?vmid=`: shared with callers that ask through a Context.
schema::Result<bool> vmid_is_free_from(const core::ApiResult& answer);

}  // namespace pveplan::pve
