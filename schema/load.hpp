#pragma once

#include "schema/diagnostic.hpp"
#include "schema/resource_schema.hpp"
#include "schema/span.hpp"
#include "schema/topology.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pveplan::schema {

/// What load() may ask of the outside. Every callback must be set, but for `variable_names`.
struct LoadSource {
  /// The bytes of a file, or a sentence why they cannot be had: "No such file or directory".
  std::function<std::expected<std::string, std::string>(const std::string& path)> read_file;
  std::function<bool(const std::string& path)> file_exists;
  /// The names in a folder ("" is the working directory), or a sentence why they cannot be had.
  std::function<std::expected<std::vector<std::string>, std::string>(const std::string& path)>
      list_folder;
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// Names of the environment that begin with PVEPLAN_VAR_: lets load() refuse unknown ones.
  std::function<std::vector<std::string>()> variable_names;
};

struct LoadRequest {
  std::string directory;              ///< of the topology; empty: the working directory
  std::string file = "pveplan.toml";  ///< relative to `directory`
  std::vector<std::pair<std::string, std::string>> variables;  ///< --var NAME=VALUE, in order
  std::vector<std::string> variable_files;                     ///< --vars, as typed
  std::string program_version = "0.1.0";                       ///< what `requires` is held against
  const SchemaRegistry* registry = nullptr;                    ///< outlives the topology
  LoadSource source;
  /// What else is wrong with the topology as a whole, told along with all other errors. It may be
  /// incomplete: what could not be read is not in it. May be empty.
  std::function<Diagnostics(const Topology&)> check_whole;
};

struct Loaded {
  SourceMap sources;
  std::optional<Topology> topology;  ///< absent when there is any error
  Diagnostics diagnostics;           ///< sorted by file and place, each once
};

/// Reads, checks and decodes a topology: all errors of all files in one run. Needs no network, no
/// secret and no server. The same texts and answers give the same topology.
Loaded load(const LoadRequest& request);

/// The instances of a per-node resource that load() left as one because its topology does not name
/// `nodes` (see Resource::unexpanded): one for each given node, sorted by node. What can go wrong
/// has gone wrong in load() already.
std::vector<Resource> expand_per_node(const Resource& resource,
                                      const std::vector<std::string>& nodes);

}  // namespace pveplan::schema
