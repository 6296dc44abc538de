#pragma once

#include "schema/decode_context.hpp"
#include "schema/topology.hpp"

namespace pveplan::schema {

/// The keys of `[pveplan]` and `[proxmox]`.
const ObjectSchema& pveplan_block_schema();
const ObjectSchema& proxmox_block_schema();

/// Reads both blocks into the topology.
void decode_pveplan_block(DecodeContext& context, const Node& root, const LoadRequest& request,
                          Topology& topology);
void decode_proxmox_block(DecodeContext& context, const Node& root, Topology& topology);

/// Whether `version` satisfies ">=0.1" or a comma list of such; nullopt when that is no condition.
std::optional<bool> satisfies(std::string_view version, std::string_view condition);

}  // namespace pveplan::schema
