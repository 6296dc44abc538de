#include "tests/support/golden.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pveplan::tests {

std::string golden_directory() { return PVEPLAN_SOURCE_DIR "/tests/golden"; }

std::vector<std::string> golden_cases(const std::string& area) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_directory() + "/" + area)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void check_golden(const std::string& path, const std::string& actual) {
  const char* update = std::getenv("PVEPLAN_UPDATE_GOLDEN");
  if (update == nullptr || std::string(update) != "1") {
    INFO(path);
    CHECK(read_text(path) == actual);
    return;
  }
  if (read_text(path) != actual) std::ofstream(path, std::ios::binary) << actual;
  FAIL_CHECK("written, not compared: " << path);
}

}  // namespace pveplan::tests
