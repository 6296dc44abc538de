#pragma once

#include "tests/support/topologies.hpp"

#include <map>
#include <string>
#include <vector>

namespace pveplan::tests {

/// One of the topologies below tests/topologies, as files by name.
struct TopologyFiles {
  std::string name;  ///< "homelab", "company/prod"
  std::map<std::string, std::string> files;
  std::string root;                         ///< its name among the files
  std::vector<std::string> variable_files;  ///< names among the files
  std::vector<std::string> texts;           ///< names of the TOML files that declare something

  /// With whatever else it asks for: a key, certificates, the address of the server.
  TopologyText load_request() const;
};

std::vector<TopologyFiles> all_topology_files();

}  // namespace pveplan::tests
