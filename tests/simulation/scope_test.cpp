// Plans of a part of a topology, and replacements: --target, --exclude, --replace, allow_replace.
#include "schema/json.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using schema::Value;
using sim::contains;
using sim::Ended;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

/// a <- b <- c, and d alone; e has keys and needs a.
const std::string kRecords =
    "[pveplan]\nname = \"t\"\n[record.a]\ninput = 1\n[record.b]\ninput = \"${record.a.output}\"\n"
    "[record.c]\ninput = 1\nafter = [\"record.b\"]\n[record.d]\ninput = 1\n"
    "[record.e]\ncount = 11\ninput = \"${each.key}\"\nafter = [\"record.a\"]\n";

std::string vm(const std::string& name, const std::string& rest = "") {
  return fmt::format(
      "[vm.{}]\ncores = 2\nmemory = \"1GiB\"\n"
      "disk.os = {{ storage = \"local-lvm\", size = \"2GiB\" }}\n{}\n",
      name, rest);
}

Ended run(Rig& rig, const std::string& text, const std::vector<std::string>& arguments) {
  rig.write_topology(text);
  return rig.run(arguments);
}

void must(const Ended& ended, int code) {
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == code);
}

Value json_plan(Rig& rig, std::vector<std::string> options) {
  options.insert(options.begin(), {"plan", "--format", "json"});
  const auto ended = rig.run(options);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  return *schema::parse_json(ended.out);
}

/// The addresses of all changes, and how many resources are left out.
std::string changes(const Value& plan) {
  std::string text;
  for (const auto& change : plan.find("resource_changes")->as_list())
    text += change.find("address")->as_string() + " ";
  return text + std::to_string(plan.find("scope")->find("left_out")->as_integer());
}

std::string rows(Rig& rig) {
  auto text = rig.run({"state", "list"}).out;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

lab::Guest& only_guest(Rig& rig) {
  auto& guests = rig.lab.world().guests;
  REQUIRE(guests.size() == 1);
  return guests.begin()->second;
}

}  // namespace

TEST_CASE("a target is planned with everything that it needs, and nothing else") {
  Rig rig(1);
  rig.write_topology(kRecords);
  CHECK(changes(json_plan(rig, {"--target", "record.b"})) == "record.a record.b 13");
  CHECK(changes(json_plan(rig, {"--target", "record.e[2]"})) == "record.a record.e[2] 13");
  CHECK(changes(json_plan(rig, {"--target", "record.e.2", "--target", "record.d"})) ==
        "record.a record.d record.e[2] 12");
  CHECK(changes(json_plan(rig, {"--target", "record.e[1*]"})) ==
        "record.a record.e[1] record.e[10] record.e[11] 11");
  CHECK(changes(json_plan(rig, {"--target", "record.e"})).ends_with("record.e[11] 3"));
}

TEST_CASE("what is excluded stays out with everything that needs it") {
  Rig rig(1);
  rig.write_topology(kRecords);
  CHECK(changes(json_plan(rig, {"--exclude", "record.b", "--exclude", "record.e"})) ==
        "record.a record.d 13");
  CHECK(changes(json_plan(rig, {"--exclude", "record.a"})) == "record.d 14");
  CHECK(changes(json_plan(rig, {"--exclude", "record.*"})) == "15");
}

TEST_CASE("of addresses the one is suggested whose name is near") {
  Rig rig(1);
  rig.write_topology(kHead + vm("web", "count = 2\n") + vm("db"));
  const auto* option = GENERATE("--target", "--exclude", "--replace", "--restart");
  const auto suggests = [&](const std::string& typed) {
    const auto ended = rig.run({"plan", option, typed});
    INFO(ended.err);
    CHECK(ended.exit_code == 1);
    const auto at = ended.err.find("Did you mean ");
    return at == std::string::npos ? ""
                                   : ended.err.substr(at + 13, ended.err.find('?', at) - at - 13);
  };
  INFO(option);
  CHECK(suggests("vm.wbe") == "\"vm.web\"");
  CHECK(suggests("vm.bd") == "\"vm.db\"");
  CHECK(suggests("web") == "\"vm.web\"");
  CHECK(suggests("vm.wbe[2]") == "\"vm.web[2]\" or \"vm.web[1]\"");  // the nearest first
  CHECK(suggests("vm.nothing").empty());
}

TEST_CASE("an address that names nothing is an error with what may be meant") {
  Rig rig(1);
  rig.write_topology(kRecords);
  const auto* option = GENERATE("--target", "--exclude", "--replace");
  const auto ended = rig.run({"plan", option, "record.bb"});
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, "Did you mean \"record.b\""));
  CHECK(rig.run({"plan", option, "record.e[12]"}).exit_code == 1);
}

TEST_CASE("a part is applied, said to be a part, and the rest comes later") {
  Rig rig(1);
  auto ended = run(rig, kRecords, {"apply", "--auto-approve", "--target", "record.b"});
  must(ended, 0);
  CHECK(contains(ended.out, "PARTIAL PLAN: only --target record.b"));
  CHECK(contains(ended.out, "Only a part was planned"));
  CHECK(rows(rig) == "record.a record.b ");
  const auto text = rig.run({"plan", "--exclude", "record.e", "--format", "markdown"}).out;
  CHECK(contains(text, "### PARTIAL PLAN: pveplan t: 2 to add"));
  CHECK(contains(text, "everything without --exclude record.e"));
  must(rig.run({"plan", "--exclude", "record.e", "-o", "plan.json"}), 0);
  ended = rig.run({"apply", "plan.json"});
  must(ended, 0);
  CHECK(contains(ended.out, "PARTIAL PLAN: everything without --exclude record.e"));
  CHECK(rows(rig) == "record.a record.b record.c record.d ");
  must(rig.run({"apply", "--auto-approve"}), 0);
  must(rig.run({"plan", "--detailed-exitcode"}), 0);
}

TEST_CASE("destroying a part takes along what needs it and nothing that it needs") {
  Rig rig(1);
  must(run(rig, kRecords, {"apply", "--auto-approve"}), 0);
  must(rig.run({"destroy", "--auto-approve", "--target", "record.b"}), 0);
  CHECK(contains(rows(rig), "record.a record.d record.e[1] "));
  must(rig.run({"destroy", "--auto-approve", "--exclude", "record.e[3]"}), 0);
  CHECK(rows(rig) == "record.a record.e[3] ");
  must(rig.run({"destroy", "--auto-approve"}), 0);
  CHECK(rows(rig).empty());
}

TEST_CASE("what left the topology is removed by its address, with what still needs it") {
  Rig rig(1);
  must(run(rig, kRecords, {"apply", "--auto-approve"}), 0);
  rig.write_topology("[pveplan]\nname = \"t\"\n[record.d]\ninput = 1\n");
  CHECK(changes(json_plan(rig, {"--target", "record.b"})) == "record.b record.c 13");
  CHECK(changes(json_plan(rig, {"--exclude", "record.c"})) ==
        "record.e[1] record.e[2] record.e[3] record.e[4] record.e[5] record.e[6] record.e[7] "
        "record.e[8] record.e[9] record.e[10] record.e[11] 3");
}

TEST_CASE("a move that a plan would leave out is an error") {
  Rig rig(1);
  must(run(rig, kRecords, {"apply", "--auto-approve"}), 0);
  auto text = kRecords + "[[moved]]\nfrom = \"record.d\"\nto = \"record.z\"\n";
  text.replace(text.find("[record.d]"), 10, "[record.z]");
  auto ended = run(rig, text, {"plan", "--target", "record.a"});
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, "record.d moves to record.z"));
  ended = rig.run({"plan", "--target", "record.d"});
  CHECK(contains(ended.err, "name record.z"));
  must(rig.run({"apply", "--auto-approve", "--target", "record.z"}), 0);
  must(rig.run({"plan", "--target", "record.a"}), 0);
}

TEST_CASE("what is wrong with a place stops no plan that leaves it out") {
  Rig rig(1);
  rig.write_topology(kHead + vm("good") + "[vm.bad]\nmemory = \"1GiB\"\n" +
                     "disk.os = { storage = \"nowhere\", size = \"2GiB\" }\n");
  CHECK(rig.run({"plan"}).exit_code == 1);
  must(rig.run({"apply", "--auto-approve", "--exclude", "vm.bad"}), 0);
  CHECK(rows(rig) == "vm.good ");
}

TEST_CASE(
    "a guest that --replace names is made anew under its number, and the plan says what is lost") {
  Rig rig(1);
  const auto text = kHead + vm("db", "nic.lan = { bridge = \"vmbr0\" }");
  must(run(rig, text, {"apply", "--auto-approve"}), 0);
  const auto before = only_guest(rig).options;
  auto ended = rig.run({"plan", "--replace", "vm.db"});
  must(ended, 0);
  CHECK(contains(ended.out, "DANGER"));
  CHECK(contains(ended.out, "--replace asks for it"));
  CHECK(contains(ended.out, "1 to replace"));
  ended = rig.run({"apply", "--auto-approve", "--replace", "vm.db"});
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, "--allow data-loss=vm.db"));
  CHECK(only_guest(rig).options == before);
  must(rig.run({"apply", "--auto-approve", "--replace", "vm.db", "--allow", "data-loss=vm.db"}), 0);
  const auto& after = only_guest(rig).options;
  CHECK(rig.lab.world().guests.begin()->first == 200);
  CHECK(after.at("net0") == before.at("net0"));
  CHECK(after.at("smbios1") != before.at("smbios1"));
  must(rig.run({"plan", "--detailed-exitcode"}), 0);
}

TEST_CASE("a saved plan carries its replacements, and takes no more") {
  Rig rig(1);
  must(run(rig, kHead + vm("db"), {"apply", "--auto-approve"}), 0);
  must(rig.run({"plan", "--replace", "vm.*", "--allow", "data-loss=vm.db", "-o", "plan.json"}), 0);
  const auto shown = schema::parse_json(rig.run({"show", "plan.json", "--format", "json"}).out);
  REQUIRE(shown);
  CHECK(schema::to_json(*shown->find("scope")->find("replaces")) == R"(["vm.*"])");
  const auto uuid = only_guest(rig).options.at("smbios1");
  must(rig.run({"apply", "plan.json"}), 0);
  CHECK(only_guest(rig).options.at("smbios1") != uuid);
}

TEST_CASE("a change that no living guest takes replaces it where the topology allows that") {
  Rig rig(1);
  const std::string slot =
      "disk.d = { storage = \"local-lvm\", size = \"1GiB\", slot = \"scsi7\" }";
  auto other = slot;
  other.replace(other.find("scsi7"), 5, "scsi9");
  must(run(rig, kHead + vm("db", slot), {"apply", "--auto-approve"}), 0);
  auto ended = run(rig, kHead + vm("db", other), {"plan"});
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, "--replace vm.db"));
  ended = run(rig, kHead + vm("db", other + "\nallow_replace = true"), {"plan"});
  must(ended, 0);
  CHECK(contains(ended.out, "forces replacement"));
  CHECK(contains(ended.out, "DANGER destroys data: 3 GiB of vm.db"));
  must(rig.run({"apply", "--auto-approve", "--allow", "data-loss=vm.db"}), 0);
  CHECK(only_guest(rig).options.contains("scsi9"));
  must(rig.run({"plan", "--detailed-exitcode"}), 0);
}

TEST_CASE("what is protected, kept or only observed is not replaced") {
  const auto [attribute, message] = GENERATE(table<std::string, std::string>(
      {{"protect = true", "is protected"}, {"disk.os.on_remove = \"keep\"", "is to be kept"}}));
  Rig rig(1);
  auto text = kHead + "[vm.db]\nmemory = \"1GiB\"\n" +
              "disk.os.storage = \"local-lvm\"\ndisk.os.size = \"1GiB\"\n" + attribute + "\n";
  must(run(rig, text, {"apply", "--auto-approve"}), 0);
  const auto before = rig.requests().size();
  const auto ended =
      rig.run({"apply", "--auto-approve", "--replace", "vm.db", "--allow", "data-loss=*"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, message));
  const auto all = rig.requests();
  for (auto i = before; i < all.size(); ++i) CHECK(all[i].starts_with("GET "));
}
