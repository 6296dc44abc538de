// The real program is killed at random moments while it applies against the real sockets of a lab.

#include "lab/world/random.hpp"
#include "tests/lab/child_lab.hpp"
#include "tests/lab/shared_folder.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <set>

using namespace pveplan;
using lab::testing::ChildLab;
using lab::testing::read_text;
using lab::testing::write_text;

namespace {

const std::string kTopology = std::string(PVEPLAN_SOURCE_DIR) + "/tests/faults/killed";
const std::vector<std::string> kApply{"apply", "--auto-approve", "--allow", "data-loss=*"};

/// One kind of life that is killed again and again.
struct Ordeal {
  std::string version;  ///< of Proxmox VE
  std::string parts;    ///< a folder of topologies
  int kills;
  /// About as long as an apply of all parts takes, so that each moment of it is met.
  std::uint64_t latest_kill;
};

/// The topology with a random choice of its parts.
void choose_topology(const ChildLab& lab, const std::string& folder, lab::SeededRandom& random) {
  std::set<std::string> parts;
  for (const auto& part : std::filesystem::directory_iterator(kTopology + "/" + folder))
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
  auto command = in_round(kApply, round);
  command.insert(command.begin(), PVEPLAN_BINARY);
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

/// PVEPLAN_TEST_SEED chooses other moments and topologies.
lab::SeededRandom seeded() {
  const char* seed = std::getenv("PVEPLAN_TEST_SEED");
  return {seed == nullptr ? 7 : std::stoull(seed)};
}

void endure(const Ordeal& ordeal) {
  ChildLab lab({"--nodes", "1", "--pve", ordeal.version});
  lab.serve("100");
  lab::SeededRandom random = seeded();
  int killed = 0;
  for (int round = 1; killed < ordeal.kills; ++round) {
    INFO("round " << round);
    REQUIRE(round <= 10 * ordeal.kills);
    choose_topology(lab, ordeal.parts, random);
    const std::chrono::milliseconds moment(random.below(ordeal.latest_kill));
    if (apply_and_kill(lab, round, moment)) ++killed;
    check_state(lab);
    expect(lab, in_round(kApply, round));
    expect(lab, in_round({"plan", "--detailed-exitcode"}, round));
  }
  expect(lab, {"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(lab.stop() == 0);
  CHECK(lab.seen("POST /pools 500") == 0);
  CHECK(lab.seen("POST /nodes/pve/network 400") == 0);
  lab.change_world([](lab::World& world) {
    CHECK(world.access.pools.empty());
    CHECK(world.nodes.at("pve").network.current.interfaces.size() == 3);
    CHECK(world.guests.empty());
    CHECK(world.storage.volumes["local-lvm"]["pve"].empty());
  });
}

}  // namespace

TEST_CASE("an apply that is killed at any moment is finished by the next one") {
  endure({"9.2", "parts", 20, 500});
}

TEST_CASE("an apply that makes machines and is killed makes none of them twice") {
  endure({"8.4", "machines", 6, 3000});
}
