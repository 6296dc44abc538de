#include "tests/simulation/rig.hpp"
#include "tests/simulation/trouble.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

using namespace pveplan;
using sim::Rig;
using sim::SimRandom;

namespace {

/// A topology and what the lab must hold once it is applied.
struct Wanted {
  std::string text;
  std::map<std::string, std::string> pools;  ///< id and comment
};

Wanted random_topology(SimRandom& draws) {
  Wanted wanted;
  std::vector<std::string> blocks;
  std::vector<std::string> names;
  for (std::uint64_t i = 0, count = draws.below(4); i < count; ++i) {
    const auto id = fmt::format("p{}", draws.below(6));
    if (wanted.pools.contains(id)) continue;
    const auto comment =
        draws.one_in(3) ? std::string() : fmt::format("comment {}", draws.below(3));
    wanted.pools[id] = comment;
    blocks.push_back(
        fmt::format("[pool.{}]\n{}", id, comment.empty() ? "" : "comment = \"" + comment + "\"\n"));
    names.push_back("pool." + id);
  }
  for (std::uint64_t i = 0, count = draws.below(6); i < count; ++i) {
    auto block = fmt::format("[record.r{}]\ncount = {}\n", i, 1 + draws.below(3));
    if (!names.empty() && draws.one_in(2)) {
      block += fmt::format("input = {{ of = \"${{{}.id}}\", n = {} }}\n",
                           names[draws.below(names.size())], draws.below(3));
    } else {
      block += fmt::format("input = {}\n", draws.below(3));
    }
    if (!names.empty() && draws.one_in(3))
      block += fmt::format("after = [\"{}\"]\n", names[draws.below(names.size())]);
    blocks.push_back(block);
  }
  // The order of the text means nothing.
  for (std::size_t i = blocks.size(); i > 1; --i) std::swap(blocks[i - 1], blocks[draws.below(i)]);
  wanted.text = "[pveplan]\nname = \"t\"\n" + Rig::connection();
  for (const auto& block : blocks) wanted.text += block;
  return wanted;
}

std::map<std::string, std::string> pools_of(Rig& rig) {
  std::map<std::string, std::string> pools;
  for (const auto& [id, pool] : rig.lab.world().access.pools) pools[id] = pool.comment;
  return pools;
}

/// Exactly the wanted pools exist. A comment that is no longer stated is released: whatever it was
/// stays.
void check_pools(const std::map<std::string, std::string>& pools,
                 const std::map<std::string, std::string>& wanted) {
  CHECK(pools.size() == wanted.size());
  for (const auto& [id, comment] : wanted) {
    REQUIRE(pools.contains(id));
    if (!comment.empty()) CHECK(pools.at(id) == comment);
  }
}

std::uint64_t live(std::uint64_t seed) {
  Rig rig(seed);
  SimRandom draws(seed ^ 0x9e3779b97f4a7c15ULL);
  for (std::uint64_t i = 0, edits = 1 + draws.below(3); i < edits; ++i) {
    const auto wanted = random_topology(draws);
    rig.write_topology(wanted.text);
    INFO(wanted.text);
    sim::get_through(rig, draws, {"apply", "--auto-approve"});
    const auto plan = rig.run({"plan", "--detailed-exitcode"});
    INFO(plan.out << plan.err);
    CHECK(plan.exit_code == 0);
    check_pools(pools_of(rig), wanted.pools);
  }
  sim::get_through(rig, draws, {"destroy", "--auto-approve"});
  CHECK(pools_of(rig).empty());
  CHECK(rig.run({"state", "list"}).out.empty());
  return rig.world.trace.hash();
}

}  // namespace

TEST_CASE("random topologies, edits and troubles always end in the wanted world") {
  sim::Seeds seeds("lives of pools and records", 1000);
  while (const auto drawn = seeds.next()) {
    const auto seed = *drawn;
    INFO("seed " << seed << "; PVEPLAN_SEED=" << seed << " simulation_tests [.seed] runs it alone");
    const auto once = live(seed);
    if (seed % 10 == 0) CHECK(live(seed) == once);
  }
}

TEST_CASE("one seed by number", "[.seed]") {
  const char* text = std::getenv("PVEPLAN_SEED");
  REQUIRE(text != nullptr);
  live(std::strtoull(text, nullptr, 10));
}
