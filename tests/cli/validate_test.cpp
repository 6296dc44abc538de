// `validate` and what every command says of a topology that is wrong as a whole.

#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/json_schema.hpp"

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

TEST_CASE("validate as JSON has every error with its place, and ends as the text does") {
  const auto of_schema = schema::parse_json(
      tests::read_text(std::string(PVEPLAN_SOURCE_DIR) + "/docs/schemas/diagnostics.schema.json"));
  REQUIRE(of_schema);
  Rig rig(1);
  const auto told = [&](const std::string& text, int exit_code) {
    rig.write_topology(text);
    const auto ended = rig.run({"validate", "--format", "json"});
    INFO(ended.out << ended.err);
    CHECK(ended.exit_code == exit_code);
    CHECK(ended.err.empty());
    auto parsed = schema::parse_json(ended.out);
    REQUIRE(parsed);
    CHECK(sim::schema_faults(*of_schema, *parsed) == std::vector<std::string>());
    return *parsed;
  };
  const auto integer = schema::Value::integer;
  const auto fine = told("[pveplan]\nname = \"t\"\n[record.a]\ninput = 1\n", 0);
  CHECK(*fine.find("valid") == schema::Value::boolean(true));
  CHECK(fine.find("diagnostics")->as_list().empty());

  const auto wrong =
      told("[pveplan]\nname = \"t\"\n[record.a]\nimput = 1\n[record.b]\nimput = 2\n", 1);
  CHECK(*wrong.find("errors") == integer(2));
  CHECK(*wrong.find("warnings") == integer(0));
  const auto& first = wrong.find("diagnostics")->as_list().at(0);
  CHECK(first.find("summary")->as_string() == "Unknown attribute");
  CHECK(*first.find("range")->find("line") == integer(4));
  CHECK(*first.find("range")->find("column") == integer(1));
  CHECK(*first.find("range")->find("end_column") == integer(6));
  CHECK(told("", 1).find("valid")->as_boolean() == false);
}
