#pragma once

#include "schema/topology.hpp"
#include "tests/simulation/strangers.hpp"

#include <map>
#include <string>

namespace pveplan::sim {

/// What the lab's world shows against the topology, seen without any code of the provider: one
/// fault a line, nothing when all is well.
std::string faults_of_world(Rig& rig, const schema::Topology& topology, const Strangers& strangers);

/// Number and uuid of every guest by its address: they stay as long as the address does.
std::map<std::string, std::string> identities(const Rig& rig);

/// Volumes that no guest's config names.
std::string orphans(const Rig& rig);

}  // namespace pveplan::sim
