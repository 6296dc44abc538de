#include "lab/conform/replay.hpp"
#include "lab/core/text.hpp"
#include "lab/world/make_world.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

using namespace pveplan::lab;
using pveplan::lab::testing::read_text;
using pveplan::lab::testing::shared_folder;

namespace {

const std::string kFloors = std::string(PVEPLAN_SOURCE_DIR) + "/tests/lab/conformance_floors.txt";

/// What each recording must reach, in thousandths, by file and major version.
using Floors = std::map<std::pair<std::string, int>, int>;

Floors read_floors() {
  Floors floors;
  std::istringstream lines(read_text(kFloors));
  std::string file;
  int major = 0;
  int permille = 0;
  while (lines >> file >> major >> permille) floors[{file, major}] = permille;
  return floors;
}

void write_floors(const Floors& floors) {
  std::string text;
  for (const auto& [key, permille] : floors) {
    text += fmt::format("{} {} {}\n", key.first, key.second, permille);
  }
  testing::write_text(kFloors, text);
}

ConformanceReport replay_file(const std::filesystem::path& path, int major) {
  const auto exchanges = parse_recording(read_text(path.string()));
  REQUIRE(exchanges.has_value());
  return replay(recordings_world(major, path.stem().string()), *exchanges);
}

}  // namespace

TEST_CASE("the lab answers the recordings at least as well as the committed floors", "[lab]") {
  const auto shared = shared_folder();
  if (!shared) {
    WARN("skipped: no recordings (set PVEPLAN_SHARED)");
    return;
  }
  Floors floors = read_floors();
  const bool update = std::getenv("PVEPLAN_UPDATE_GOLDEN") != nullptr;
  for (const int major : {8, 9}) {
    const std::string folder = *shared + (major == 8 ? "/pve/recordings" : "/pve/recordings9");
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".jsonl") continue;
      const std::string file = entry.path().stem().string();
      const ConformanceReport report = replay_file(entry.path(), major);
      int& floor = floors[{file, major}];
      INFO(format_report(file, report, true));
      CHECK(report.matched_permille() >= floor);
      if (update) floor = std::max(floor, report.matched_permille());
    }
  }
  if (update) write_floors(floors);
}
