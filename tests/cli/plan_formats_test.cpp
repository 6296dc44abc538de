// Machine formats of real plans, made by whole commands in a simulated world.

#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

using namespace pveplan;
using schema::Value;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n";

const Value& plan_schema() {
  static const auto parsed = schema::parse_json(
      tests::read_text(std::string(PVEPLAN_SOURCE_DIR) + "/docs/schemas/plan.schema.json"));
  REQUIRE(parsed);
  return *parsed;
}

std::vector<std::string> faults(const std::string& text) {
  const auto parsed = schema::parse_json(text);
  if (!parsed) return {"no JSON"};
  return sim::schema_faults(plan_schema(), *parsed);
}

Value check_plan(Rig& rig, const std::vector<std::string>& arguments) {
  auto words = arguments;
  words.insert(words.end(), {"--format", "json"});
  const auto ended = rig.run(words);
  INFO(ended.err << ended.out);
  CHECK(faults(ended.out) == std::vector<std::string>());
  return *schema::parse_json(ended.out);
}

void apply(Rig& rig) {
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

const Value& only_change(const Value& plan) { return plan.find("resource_changes")->as_list()[0]; }

std::string actions(const Value& plan) {
  return schema::to_json(*only_change(plan).find("change")->find("actions"));
}

}  // namespace

TEST_CASE("every kind of real plan is as the published schema says") {
  Rig rig(1);
  const auto pool = [](const std::string& id, const std::string& comment) {
    return kHead + Rig::connection() + "[pool.team]\nid = \"" + id + "\"\ncomment = \"" + comment +
           "\"\n";
  };
  rig.write_topology(pool("team", "one"));
  CHECK(actions(check_plan(rig, {"plan"})) == R"(["create"])");
  apply(rig);
  CHECK(check_plan(rig, {"plan"}).find("resource_changes")->as_list().empty());
  rig.write_topology(pool("team", "two"));
  CHECK(actions(check_plan(rig, {"plan"})) == R"(["update"])");
  rig.write_topology(pool("other", "one"));
  CHECK(actions(check_plan(rig, {"plan"})) == R"(["delete","create"])");
  rig.lab.world().access.pools.at("team").comment = "by hand";
  CHECK(check_plan(rig, {"plan"}).find("resource_drift")->as_list().size() == 1);
  CHECK(actions(check_plan(rig, {"plan", "--destroy"})) == R"(["delete"])");
  rig.lab.world().access.pools.erase("team");
  CHECK(actions(check_plan(rig, {"plan", "--destroy"})) == R"(["forget"])");
}

TEST_CASE("records of every shape, with secrets and references, fit the schema") {
  Rig rig(2);
  rig.write_topology(kHead +
                     "[variable.pw]\ndefault = \"hunter2\"\nsensitive = true\n"
                     "[record.a]\ninput = { n = 1.5, l = [1, \"two\", { x = true }], s = "
                     "\"${var.pw}\" }\n"
                     "[record.b]\ncount = 2\ninput = \"${record.a.output}\"\n");
  const auto plan = check_plan(rig, {"plan", "-o", "plan.json"});
  const auto shown = rig.run({"show", "plan.json", "--format", "json"});
  CHECK(faults(shown.out) == std::vector<std::string>());
  const auto reread = schema::parse_json(shown.out);
  REQUIRE(reread);
  CHECK(reread->find("id")->as_string() == plan.find("id")->as_string());
  CHECK(shown.out.find("hunter2") == std::string::npos);
}

TEST_CASE("the schema refuses what is no plan") {
  Rig rig(1);
  rig.write_topology(kHead + "[record.a]\ninput = 1\n");
  const auto plan = check_plan(rig, {"plan"});
  using schema::Path;
  CHECK_FALSE(sim::schema_faults(plan_schema(), plan.with(Path({"mode"}), Value())).empty());
  CHECK_FALSE(
      sim::schema_faults(plan_schema(), plan.with(Path({"mode"}), Value::string("x"))).empty());
  CHECK_FALSE(
      sim::schema_faults(plan_schema(), plan.with(Path({"more"}), Value::integer(1))).empty());
  CHECK_FALSE(
      sim::schema_faults(plan_schema(), plan.with(Path({"id"}), Value::string("x"))).empty());
  const auto bad = Value::list(
      {only_change(plan).with(Path({"effects", "availability"}), Value::string("a little"))});
  CHECK_FALSE(
      sim::schema_faults(plan_schema(), plan.with(Path({"resource_changes"}), bad)).empty());
}

namespace {

/// Blocks of a random topology: each is one table, so that any order of them is the same topology.
std::vector<std::string> random_blocks(std::mt19937& draws, int version) {
  std::vector<std::string> blocks = {kHead, Rig::connection()};
  const auto count = 3 + draws() % 8;
  for (std::size_t i = 0; i < count; ++i) {
    const auto kind = draws() % 4;
    const auto value = draws() % 3 == 0 ? version : 0;
    if (kind == 0) {
      blocks.push_back(fmt::format("[pool.p{}]\ncomment = \"v{}\"\n", i, value));
    } else if (kind == 1 && i > 0) {
      blocks.push_back(fmt::format("[record.r{}]\ncount = {}\ninput = \"${{each.key}}-{}\"\n", i,
                                   1 + draws() % 12, value));
    } else {
      blocks.push_back(
          fmt::format("[record.r{}]\n[record.r{}.input]\nb = {}\na = \"x\"\n", i, i, value));
    }
  }
  return blocks;
}

std::string joined(const std::vector<std::string>& blocks) {
  std::string text;
  for (const auto& block : blocks) text += block;
  return text;
}

}  // namespace

TEST_CASE("the order of the text never changes a byte of a plan") {
  for (unsigned seed = 0; seed < 25; ++seed) {
    Rig rig(seed);
    std::mt19937 draws(seed);
    INFO(seed);
    for (const int version : {1, 2}) {
      auto same_draws = std::mt19937(seed * 2 + static_cast<unsigned>(draws() % 2));
      auto blocks = random_blocks(same_draws, version);
      for (const std::string format : {"text", "json", "markdown"}) {
        rig.write_topology(joined(blocks));
        const auto first = rig.run({"plan", "--format", format});
        INFO(first.err);
        REQUIRE(first.exit_code == 0);
        for (int i = 0; i < 3; ++i) {
          std::shuffle(blocks.begin(), blocks.end(), draws);
          rig.write_topology(joined(blocks));
          REQUIRE(rig.run({"plan", "--format", format}).out == first.out);
        }
      }
      apply(rig);
    }
  }
}
