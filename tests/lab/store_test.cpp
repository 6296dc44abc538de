#include "lab/world/store.hpp"

#include "lab/world/make_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sim_host.hpp"

using namespace pveplan;
using namespace pveplan::lab;

TEST_CASE("a saved world is read back as it was", "[lab]") {
  sim::SimWorld outside(1);
  sim::SimHost host(outside);
  const World world = make_world({.nodes = 2});
  WorldStore store(host.files, "lab");
  CHECK_FALSE(store.exists());
  REQUIRE(store.save(world).has_value());
  CHECK(store.exists());
  const auto copy = WorldStore(host.files, "lab").load();
  REQUIRE(copy.has_value());
  CHECK(to_value(*copy) == to_value(world));
}

TEST_CASE("a folder without a world is told with what to do", "[lab]") {
  sim::SimWorld outside(1);
  sim::SimHost host(outside);
  const auto world = WorldStore(host.files, "lab").load();
  REQUIRE_FALSE(world.has_value());
  CHECK(world.error().summary == "Cannot read the lab's world");
  CHECK(world.error().detail.find("pveplan lab init") != std::string::npos);
}
