// `validate` and what every command says of a topology that is wrong as a whole.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Rig;

TEST_CASE("a dependency cycle is told along with all other errors, by every command") {
  Rig rig(1);
  rig.write_topology(
      "[pveplan]\nname = \"t\"\n"
      "[record.a]\ninput = \"${record.b.output}\"\n"
      "[record.b]\ninput = \"${record.a.output}\"\n"
      "[record.c]\nimput = 1\n");
  for (const auto* command : {"validate", "plan", "graph"}) {
    const auto ended = rig.run({command});
    INFO(ended.err);
    CHECK(ended.exit_code == 1);
    CHECK(contains(ended.err, "error: Dependency cycle"));
    CHECK(contains(ended.err, "error: Unknown attribute"));
  }
}

TEST_CASE("a cycle alone is told once") {
  Rig rig(1);
  rig.write_topology(
      "[pveplan]\nname = \"t\"\n"
      "[record.a]\ninput = \"${record.b.output}\"\n[record.b]\ninput = \"${record.a.output}\"\n");
  const auto ended = rig.run({"validate"});
  INFO(ended.err);
  CHECK(ended.exit_code == 1);
  const auto first = ended.err.find("Dependency cycle");
  REQUIRE(first != std::string::npos);
  CHECK(ended.err.find("Dependency cycle", first + 1) == std::string::npos);
  CHECK(contains(ended.err, "1 error in 1 of 1 file."));
}
