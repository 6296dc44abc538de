#pragma once

#include "lab/world/world.hpp"
#include "schema/value.hpp"

#include <string>
#include <vector>

/// Entries of /cluster/resources, which pools show as members.
namespace pveplan::lab {

schema::Value guest_resource(const World& world, int vmid, const Guest& guest);
schema::Value node_resource(const World& world, const std::string& name, const Node& node,
                            bool with_stats);
/// One entry for each node that has the storage.
std::vector<schema::Value> storage_resources(const World& world, const std::string& storage);

/// Bytes in use and in total on one storage of one node.
struct Usage {
  std::int64_t total = 0, used = 0, available = 0;
  bool active = false;
};
Usage storage_usage(const World& world, const std::string& storage, const std::string& node);

/// Whether a node may use a storage: enabled there, and on its list of nodes.
bool is_on_node(const StorageDefinition& definition, const std::string& node);
bool is_enabled(const StorageDefinition& definition);
bool is_shared(const StorageDefinition& definition);

}  // namespace pveplan::lab
