// The published schema of the state, tried on what real runs leave.

#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/json_schema.hpp"

using namespace pveplan;
using sim::Rig;

namespace {

schema::Value read_json(const std::string& file) {
  const auto value =
      schema::parse_json(tests::read_text(std::string(PVEPLAN_SOURCE_DIR) + "/" + file));
  REQUIRE(value);
  return *value;
}

using Faults = std::vector<std::string>;

}  // namespace

TEST_CASE("the states of real runs fit the published schema, finished or stopped") {
  const auto published = read_json("docs/schemas/state.schema.json");
  Rig rig(1);
  rig.write_topology("[pveplan]\nname = \"t\"\nvmids = [\"200-219\"]\n" + Rig::connection() +
                     "[pool.team]\n[record.r]\ncount = 2\ninput = { n = 1 }\n"
                     "[vm.a]\nmemory = \"256MiB\"\npool = \"team\"\nnic.lan.bridge = \"vmbr0\"\n"
                     "disk.one = { storage = \"local-lvm\", size = \"1GiB\" }\n");
  for (std::uint64_t boundary = 20; boundary < 90; boundary += 7) {
    sim::Conditions conditions;
    conditions.stop_before = boundary;
    if (!rig.run({"apply", "--auto-approve"}, conditions).stopped) break;
    rig.world.crash(sim::Crash::process_killed);
    const auto pulled = rig.run({"state", "pull"});
    if (pulled.exit_code != 0) continue;
    CHECK(sim::schema_faults(published, *schema::parse_json(pulled.out)) == Faults{});
  }
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  const auto pulled = rig.run({"state", "pull"});
  CHECK(sim::schema_faults(published, *schema::parse_json(pulled.out)) == Faults{});
}

TEST_CASE("the frozen state fits the published schema, and one with a wrong member does not") {
  const auto published = read_json("docs/schemas/state.schema.json");
  const auto frozen = read_json("tests/golden/state/v1.json");
  CHECK(sim::schema_faults(published, frozen) == Faults{});
  CHECK_FALSE(sim::schema_faults(published,
                                 frozen.with(schema::Path({"serial"}), schema::Value::string("12")))
                  .empty());
}
