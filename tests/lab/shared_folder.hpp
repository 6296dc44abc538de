#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace pveplan::lab::testing {

/// Where the recordings and schemas of the real API are, if they are here at all.
inline std::optional<std::string> shared_folder() {
  const char* set = std::getenv("PVEPLAN_SHARED");
  const std::string folder = set != nullptr ? set : std::string(PVEPLAN_SOURCE_DIR) + "/../shared";
  if (!std::filesystem::is_directory(folder + "/pve")) return std::nullopt;
  return folder;
}

inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace pveplan::lab::testing
