// The real program is killed at random moments while it applies against the real sockets of a lab.

#include "lab/world/random.hpp"
#include "tests/lab/child_lab.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

using namespace pveplan;
using lab::testing::ChildLab;
using lab::testing::read_text;
using lab::testing::write_text;

namespace {

const std::string kTopology = std::string(PVEPLAN_SOURCE_DIR) + "/tests/faults/killed";
constexpr int kWantedKills = 20;
constexpr int kMostRounds = 60;
/// About as long as an apply of all parts takes, so that each moment of it is met.
constexpr std::uint64_t kLatestKill = 600;

/// The topology with a random choice of its parts.
void choose_topology(const ChildLab& lab, lab::SeededRandom& random) {
  std::set<std::string> parts;
  for (const auto& part : std::filesystem::directory_iterator(kTopology + "/parts"))
    parts.insert(part.path().string());
  std::string text = read_text(kTopology + "/pveplan.toml");
  for (const std::string& part : parts) {
    if (random.below(3) > 0) text += "\n" + read_text(part);
  }
  write_text(lab.folder.file("pveplan.toml"), text);
}

std::vector<std::string> in_round(std::vector<std::string> command, int round) {
  command.push_back("--var");
  command.push_back(fmt::format("round={}", round));
  return command;
}

/// Whether the kill came before the end.
bool apply_and_kill(const ChildLab& lab, int round, std::chrono::milliseconds moment) {
  auto command = in_round({PVEPLAN_BINARY, "apply", "--auto-approve"}, round);
  sim::ChildProcess child(command, lab.folder.path(), lab.variables());
  if (child.ends_within(moment)) return false;
  child.signal(SIGKILL);
  return child.exit_code() == -1;
}

/// There may be none yet; one that is there is whole.
void check_state(const ChildLab& lab) {
  const std::string path = lab.folder.file(".pveplan/killed/state.json");
  if (!std::filesystem::exists(path)) return;
  async::RealFiles files;
  const auto text = files.read(path);
  REQUIRE(text.has_value());
  CHECK(schema::parse_json(*text).has_value());
}

void expect(ChildLab& lab, const std::vector<std::string>& command) {
  const auto ended = lab.run(command);
  INFO(ended.text);
  REQUIRE(ended.exit_code == 0);
}

}  // namespace

TEST_CASE("an apply that is killed at any moment is finished by the next one") {
  ChildLab lab({"--nodes", "1"});
  lab.serve("100");
  lab::SeededRandom random{7};
  int killed = 0;
  for (int round = 1; killed < kWantedKills; ++round) {
    INFO("round " << round);
    REQUIRE(round <= kMostRounds);
    choose_topology(lab, random);
    const std::chrono::milliseconds moment(random.below(kLatestKill));
    if (apply_and_kill(lab, round, moment)) ++killed;
    check_state(lab);
    expect(lab, in_round({"apply", "--auto-approve"}, round));
    expect(lab, in_round({"plan", "--detailed-exitcode"}, round));
  }
  expect(lab, {"destroy", "--auto-approve"});
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools 500") == 0);
  CHECK(lab.seen("POST /nodes/pve/network 400") == 0);
  lab.change_world([](lab::World& world) {
    CHECK(world.access.pools.empty());
    CHECK(world.nodes.at("pve").network.current.interfaces.size() == 3);
  });
}
