// lab_conform 8|9 RECORDING.jsonl…: what the lab answers differently from recordings, for whoever
// works on the lab.

#include "lab/conform/replay.hpp"
#include "lab/world/make_world.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace pveplan::lab;

int main(int count, char** arguments) {
  const int major = count > 1 && arguments[1] == std::string("8") ? 8 : 9;
  for (int i = 2; i < count; ++i) {
    const std::filesystem::path path = arguments[i];
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto exchanges = parse_recording(text.str());
    if (!exchanges) {
      fmt::print(stderr, "{}\n", exchanges.error().detail);
      return 1;
    }
    const std::string name = path.stem().string();
    fmt::print("{}", format_report(name, replay(recordings_world(major, name), *exchanges), true));
  }
  return 0;
}
