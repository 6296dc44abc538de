#pragma once

#include "engine/choose/choose.hpp"

namespace pveplan::engine {

/// Where everything that runs on one node goes, by address.
struct Placement {
  std::map<schema::ResourceAddress, std::string> nodes;
  std::map<schema::ResourceAddress, std::string> placed_by;
  std::map<schema::ResourceAddress, std::string> unreachable;
  schema::Diagnostics diagnostics;
};

/// Stated and remembered nodes first, then the rest in address order, each by its `placement`.
Placement place(const schema::Topology& topology, const state::StateFile& state,
                const model::ClusterFacts& cluster);

}  // namespace pveplan::engine
