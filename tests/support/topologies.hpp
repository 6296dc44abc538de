#pragma once

#include "schema/load.hpp"

#include <map>
#include <string>
#include <vector>

namespace pveplan::tests {

/// All resource types of the program, and outputs.
const schema::SchemaRegistry& all_schemas();

/// A topology as text, with whatever else load() may ask for held in memory.
class TopologyText {
 public:
  explicit TopologyText(std::string text) { files_["pveplan.toml"] = std::move(text); }

  TopologyText& file(const std::string& path, std::string text);
  /// Loads that file instead of pveplan.toml.
  TopologyText& root(std::string path);
  TopologyText& environment(const std::string& name, std::string value);
  TopologyText& variable(const std::string& name, std::string value);
  TopologyText& variable_file(const std::string& path, std::string text);
  /// Every file that is asked for exists and holds this text.
  TopologyText& any_file(std::string text);

  schema::Loaded load() const;
  /// All messages as people see them.
  std::string messages() const;

 private:
  std::map<std::string, std::string> files_;
  std::string root_ = "pveplan.toml";
  std::map<std::string, std::string> environment_;
  std::vector<std::pair<std::string, std::string>> variables_;
  std::vector<std::string> variable_files_;
  std::optional<std::string> any_file_;
};

}  // namespace pveplan::tests
