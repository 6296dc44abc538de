// [output.NAME]: in plans, in the state, and as other programs read them.

#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/json_schema.hpp"

#include <fmt/format.h>

using namespace pveplan;
using schema::Value;
using sim::Ended;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n";
const std::string kState = "/home/tester/topology/.pveplan/t/state.json";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string must(Rig& rig, const std::vector<std::string>& arguments, int exit_code = 0) {
  const auto ended = rig.run(arguments);
  INFO(fmt::format("{}", fmt::join(arguments, " ")) << "\n" << ended.out << ended.err);
  REQUIRE(ended.exit_code == exit_code);
  return exit_code == 1 ? ended.err : ended.out;
}

Value json_plan(Rig& rig) {
  const auto text = must(rig, {"plan", "--format", "json"});
  const auto schema = schema::parse_json(
      tests::read_text(std::string(PVEPLAN_SOURCE_DIR) + "/docs/schemas/plan.schema.json"));
  const auto plan = schema::parse_json(text);
  REQUIRE(schema);
  REQUIRE(plan);
  CHECK(sim::schema_faults(*schema, *plan) == std::vector<std::string>());
  return *plan;
}

}  // namespace

TEST_CASE("an output is new, changed and removed, and none of that is a change of a resource") {
  Rig rig(1);
  rig.write_topology(kHead +
                     "[record.a]\ninput = \"one\"\n[output.text]\nvalue = "
                     "\"is ${record.a.output}\"\n[output.list]\nvalue = [1, true]\n");
  const auto first = must(rig, {"plan"});
  CHECK(has(first, "Outputs:\n  + list             [1, true]\n  + text             \"is one\"\n"));
  CHECK(has(first, "Plan: 1 to add, 0 to change, 0 to destroy."));
  CHECK(has(first, "Besides: 2 outputs new."));
  CHECK(has(first, "Effects: 1 new."));
  const auto applied = must(rig, {"apply", "--auto-approve"});
  CHECK(has(applied, "Apply complete: 1 added, 0 changed, 0 destroyed."));
  CHECK(has(applied, "Outputs:\n  list             [1, true]\n  text             \"is one\"\n"));
  CHECK(has(must(rig, {"plan", "--detailed-exitcode"}), "No changes. 1 resource matches"));

  rig.write_topology(kHead +
                     "[record.a]\ninput = \"one\"\n[output.text]\nvalue = "
                     "\"was ${record.a.output}\"\n");
  const auto second = must(rig, {"plan", "--detailed-exitcode"}, 2);
  CHECK(has(second, "  - list             was [1, true]\n"));
  CHECK(has(second, "  ~ text             \"is one\" -> \"was one\"\n"));
  CHECK(has(second, "No changes but to outputs. 1 resource matches the topology."));
  CHECK(has(second, "Plan: 1 output changed, 1 output removed."));
  CHECK_FALSE(has(second, "to add"));
  must(rig, {"apply", "--auto-approve"});
  CHECK(must(rig, {"output"}) == "  text             \"was one\"\n");
  CHECK(has(must(rig, {"destroy", "--auto-approve"}), "1 destroyed"));
  CHECK(must(rig, {"output"}) == "The state holds no outputs.\n");
}

TEST_CASE("outputs that change alone are applied without a word to the servers but for reading") {
  Rig rig(1);
  const auto base = kHead + Rig::connection() + "[pool.team]\n";
  rig.write_topology(base);
  must(rig, {"apply", "--auto-approve"});
  const auto before = rig.requests().size();
  rig.write_topology(base + "[output.pool]\nvalue = \"${pool.team.id}\"\n");
  must(rig, {"apply", "--auto-approve"});
  const auto requests = rig.requests();
  for (auto at = before; at < requests.size(); ++at) CHECK(requests[at].starts_with("GET "));
  CHECK(must(rig, {"output", "--raw", "pool"}) == "team");
}

TEST_CASE("a value that only apply can know is said to be known after it, and then is known") {
  Rig rig(1);
  rig.write_topology(kHead + Rig::connection() +
                     "[vm.web]\nvmid = 321\nnode = \"pve\"\n"
                     "[output.mac]\nvalue = { id = \"${vm.web.id}\", known = 1 }\n");
  const auto plan = json_plan(rig);
  const auto& change = plan.find("output_changes")->as_list().at(0);
  CHECK(schema::to_json(*change.find("actions")) == R"(["create"])");
  CHECK(plan.find("resource_changes")->as_list().size() == 1);
  must(rig, {"apply", "--auto-approve"});
  CHECK(must(rig, {"output", "mac"}) == "{\"id\":321,\"known\":1}\n");
  CHECK(json_plan(rig).find("output_changes")->as_list().empty());
}

TEST_CASE("outputs are printed as text, as JSON and bare, and unknown names are answered") {
  Rig rig(1);
  rig.write_topology(kHead +
                     "[output.address]\nvalue = \"10.0.0.5\"\n"
                     "[output.ports]\nvalue = [80, 443]\n[output.n]\nvalue = 7\n");
  CHECK(has(must(rig, {"output", "address"}, 1), "Not applied yet"));
  must(rig, {"apply", "--auto-approve"});
  CHECK(must(rig, {"output", "address"}) == "10.0.0.5\n");
  CHECK(must(rig, {"output", "output.address"}) == "10.0.0.5\n");
  CHECK(must(rig, {"output", "--raw", "address"}) == "10.0.0.5");
  CHECK(must(rig, {"output", "--raw", "n"}) == "7");
  CHECK(must(rig, {"output", "ports"}) == "[80,443]\n");
  CHECK(must(rig, {"output", "--format", "json", "address"}) == "\"10.0.0.5\"\n");
  const auto all = schema::parse_json(must(rig, {"output", "--format", "json"}));
  REQUIRE(all);
  CHECK(schema::to_json(*all) ==
        R"({"address":{"sensitive":false,"value":"10.0.0.5"},"n":{"sensitive":false,"value":7},)"
        R"("ports":{"sensitive":false,"value":[80,443]}})");
  CHECK(has(must(rig, {"output", "--raw", "ports"}, 1), "is a list"));
  CHECK(has(must(rig, {"output", "adress"}, 1), "Did you mean \"address\"?"));
  CHECK(must(rig, {"state", "list"}) == "");
}

TEST_CASE("a sensitive output is in no plan, no listing and no state, and can be asked for") {
  const std::string secret = "correct horse battery";
  const auto value =
      GENERATE(as<std::string>(), "\"${env.SECRET}\"", "\"u:${env.SECRET}@h\"",
               "[\"a\", { b = \"${env.SECRET}\" }]", "\"${record.a.output}\"", "\"${var.pw}\"");
  INFO(value);
  Rig rig(1);
  sim::Conditions conditions;
  conditions.prepare = [&](sim::SimHost& host) {
    host.environment.variables["SECRET"] = secret;
    host.environment.variables["PVEPLAN_VAR_pw"] = secret;
  };
  rig.write_topology(kHead +
                     "[variable.pw]\ntype = \"string\"\nsensitive = true\n[record.a]\ninput = "
                     "\"${var.pw}\"\n[output.x]\nsensitive = true\nvalue = " +
                     value + "\n");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"plan", "-o", "plan.json"},
        {"plan", "--format", "json"},
        {"plan", "--format", "markdown"},
        {"apply", "plan.json"},
        {"output"},
        {"output", "--format", "json"},
        {"show", "output.x"},
        {"plan", "--detailed-exitcode"},
        {"state", "show", "output.x"}}) {
    const auto ended = rig.run(command, conditions);
    INFO(fmt::format("{}", fmt::join(command, " ")) << "\n" << ended.out << ended.err);
    CHECK(ended.exit_code == 0);
    CHECK_FALSE(has(ended.out + ended.err, secret));
  }
  CHECK_FALSE(has(rig.world.disk.content(kState).value_or(secret), secret));
  CHECK_FALSE(
      has(rig.world.disk.content("/home/tester/topology/plan.json").value_or(secret), secret));
  const auto asked = rig.run({"output", "x"}, conditions);
  if (value.find("record.a") != std::string::npos) {  // which the state knows by its digest alone
    CHECK(asked.exit_code == 1);
    CHECK(has(asked.err, "Value not kept"));
    return;
  }
  CHECK(asked.exit_code == 0);
  CHECK(has(asked.out, secret));
}

TEST_CASE("a sensitive output that is made of what the state knows has no secret to keep") {
  Rig rig(1);
  rig.write_topology(kHead +
                     "[record.a]\ninput = \"10.0.0.5\"\n"
                     "[output.x]\nsensitive = true\nvalue = \"${record.a.output}\"\n");
  CHECK(has(must(rig, {"plan", "-o", "plan.json"}), "  + x                (secret)\n"));
  must(rig, {"apply", "plan.json"});
  CHECK(must(rig, {"output", "--raw", "x"}) == "10.0.0.5");
  CHECK(must(rig, {"output"}) == "  x                (secret)\n");
}

TEST_CASE("an apply that is stopped at any boundary leaves outputs that the next one completes") {
  const auto topology = kHead + Rig::connection() +
                        "[pool.team]\n[output.a]\nvalue = \"${pool.team.id}\"\n"
                        "[output.b]\nvalue = [\"${pool.team.id}\", 1]\n";
  Rig whole(3);
  whole.write_topology(topology);
  const auto boundaries = whole.run({"apply", "--auto-approve"}).boundaries;
  REQUIRE(boundaries > 20);
  for (std::uint64_t boundary = 1; boundary < boundaries; ++boundary) {
    Rig rig(3);
    rig.write_topology(topology);
    sim::Conditions stopped;
    stopped.stop_before = boundary;
    const auto ended = rig.run({"apply", "--auto-approve"}, stopped);
    INFO("boundary " << boundary);
    REQUIRE(ended.stopped);
    rig.world.crash();
    must(rig, {"apply", "--auto-approve"});
    CHECK(must(rig, {"output", "b"}) == "[\"team\",1]\n");
    CHECK(must(rig, {"output", "a"}) == "team\n");
  }
}

TEST_CASE("the markdown of a plan tells its outputs in one row") {
  Rig rig(1);
  rig.write_topology(kHead + "[output.a]\nvalue = \"x | y\"\n[output.b]\nvalue = \"```\"\n");
  const auto text = must(rig, {"plan", "--format", "markdown"});
  CHECK(has(text, "### pveplan t: 2 outputs new\n"));
  CHECK(has(text, "| outputs | 2 outputs new | none |"));
  CHECK(has(text, "+   a                \"x | y\""));
}

TEST_CASE("an output that got another name is moved") {
  Rig rig(1);
  rig.write_topology(kHead + "[output.a]\nvalue = 1\n");
  must(rig, {"apply", "--auto-approve"});
  rig.write_topology(kHead +
                     "[output.b]\nvalue = 1\n[[moved]]\nfrom = \"output.a\"\nto = \"output.b\"\n");
  must(rig, {"apply", "--auto-approve"});
  CHECK(must(rig, {"output"}) == "  b                1\n");
}
