// Moving rows, and putting whole states in the place of others.

#include "schema/json.hpp"
#include "state/snapshot.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/state_keeper.hpp"

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n" + Rig::connection();
const std::string kPools =
    kHead + "[pool.a]\n[pool.b]\nafter = [\"pool.a\"]\n[record.r]\ncount = 2\ninput = 1\n";
const std::string kFolder = "/home/tester/topology/.pveplan/t/";
const std::string kServer =
    "state = { backend = \"http\", address = \"https://state.lan/t\", "
    "lock_address = \"https://state.lan/t/lock\", unlock_address = \"https://state.lan/t/lock\" "
    "}\n";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string must_run(Rig& rig, const std::vector<std::string>& command) {
  const auto ended = rig.run(command);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  return ended.out;
}

std::string must_fail(Rig& rig, const std::vector<std::string>& command) {
  const auto ended = rig.run(command);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 1);
  return ended.err;
}

std::string with_server(std::string topology) {
  const std::string name = "name = \"t\"\n";
  return topology.replace(topology.find(name), name.size(), name + kServer);
}

state::StateFile pulled(Rig& rig) {
  auto state = state::read_snapshot(must_run(rig, {"state", "pull"}));
  REQUIRE(state);
  return *state;
}

/// A rig with three rows and a change behind them.
void live(Rig& rig) {
  rig.write_topology(kPools);
  must_run(rig, {"apply", "--auto-approve"});
}

}  // namespace

TEST_CASE("state mv keeps the object and changes what others say of it") {
  Rig rig(1);
  live(rig);
  CHECK(
      has(must_run(rig, {"state", "mv", "pool.a", "pool.first"}), "moved pool.a to pool.first\n"));
  CHECK(has(must_run(rig, {"state", "mv", "record.r", "record.s"}),
            "moved record.r[1] to record.s[1]\nmoved record.r[2] to record.s[2]\n"));
  CHECK(must_run(rig, {"state", "list"}) == "pool.b\npool.first\nrecord.s[1]\nrecord.s[2]\n");
  const auto state = pulled(rig);
  const auto& row = state.rows.at(*schema::parse_address("pool.b"));
  REQUIRE(row.dependencies.size() == 1);
  CHECK(row.dependencies[0].text() == "pool.first");
  rig.write_topology(kHead +
                     "[pool.first]\nid = \"a\"\n[pool.b]\nafter = [\"pool.first\"]\n"
                     "[record.s]\ncount = 2\ninput = 1\n");
  must_run(rig, {"plan", "--detailed-exitcode"});
}

TEST_CASE("a row holds what its resource needs itself, not what that needs in turn") {
  Rig rig(1);
  rig.write_topology(kHead +
                     "[record.a]\ninput = 1\n[record.b]\ninput = \"${record.a.output}\"\n"
                     "[record.c]\ninput = \"${record.b.output}\"\n"
                     "[record.d]\nafter = [\"record.c\"]\ninput = \"${record.b.output}\"\n");
  must_run(rig, {"apply", "--auto-approve"});
  const auto state = pulled(rig);
  const auto needs = [&state](const char* address) {
    std::string text;
    for (const auto& each : state.rows.at(*schema::parse_address(address)).dependencies)
      text += each.text() + " ";
    return text;
  };
  CHECK(needs("record.a").empty());
  CHECK(needs("record.b") == "record.a ");
  CHECK(needs("record.c") == "record.b ");
  CHECK(needs("record.d") == "record.b record.c ");
}

TEST_CASE("state mv refuses another type, a taken address and what is not there") {
  Rig rig(1);
  live(rig);
  const auto before = must_run(rig, {"state", "pull"});
  CHECK(has(must_fail(rig, {"state", "mv", "pool.a", "record.x"}), "are not of one type"));
  CHECK(has(must_fail(rig, {"state", "mv", "pool.a", "pool.b"}), "has another object as pool.b"));
  CHECK(has(must_fail(rig, {"state", "mv", "pool.z", "pool.y"}), "The state has no pool.z"));
  CHECK(has(must_fail(rig, {"state", "mv", "pool", "pool.y"}), "\"pool\" is no address"));
  CHECK(must_run(rig, {"state", "pull"}) == before);
}

TEST_CASE("state mv takes the address as the shell likes it") {
  Rig rig(1);
  live(rig);
  must_run(rig, {"state", "mv", "record.r.1", "record.one"});
  CHECK(must_run(rig, {"state", "list"}) == "pool.a\npool.b\nrecord.one\nrecord.r[2]\n");
}

TEST_CASE("state pull prints what state push takes") {
  Rig rig(1);
  live(rig);
  const auto text = must_run(rig, {"state", "pull"});
  CHECK(text == *rig.world.disk.content(kFolder + "state.json"));
  rig.world.disk.place("/home/tester/topology/copy.json", text);
  must_run(rig, {"state", "push", "copy.json"});
  CHECK(must_run(rig, {"state", "pull"}) == text);
}

TEST_CASE("state pull without a state is an error and prints nothing") {
  Rig rig(1);
  rig.write_topology(kPools);
  const auto ended = rig.run({"state", "pull"});
  CHECK(ended.exit_code == 1);
  CHECK(ended.out.empty());
}

TEST_CASE("state push refuses an older state, and --force makes it the newest") {
  Rig rig(1);
  live(rig);
  rig.world.disk.place("/home/tester/topology/old.json", must_run(rig, {"state", "pull"}));
  const auto old = pulled(rig);
  must_run(rig, {"state", "rm", "pool.b"});
  const auto present = pulled(rig);
  const auto refused = must_fail(rig, {"state", "push", "old.json"});
  CHECK(sim::contains(refused, "The file is older"));
  CHECK(sim::contains(refused, "--force"));
  must_run(rig, {"state", "push", "--force", "old.json"});
  const auto back = pulled(rig);
  CHECK(back.rows == old.rows);
  CHECK(back.serial > present.serial);
  CHECK(back.lineage == old.lineage);
  CHECK(rig.world.disk.content(kFolder + "backups/" + std::to_string(present.serial) + ".json"));
  must_run(rig, {"plan", "--detailed-exitcode"});
}

TEST_CASE("state push refuses another lineage and equal serials with other content") {
  Rig rig(1);
  live(rig);
  auto state = pulled(rig);
  state.rows.erase(*schema::parse_address("pool.b"));
  rig.world.disk.place("/home/tester/topology/other.json", state::write_snapshot(state));
  CHECK(sim::contains(must_fail(rig, {"state", "push", "other.json"}), "but not the same content"));
  state.lineage = "00";
  state.serial += 10;
  rig.world.disk.place("/home/tester/topology/other.json", state::write_snapshot(state));
  CHECK(sim::contains(must_fail(rig, {"state", "push", "other.json"}), "never were one"));
  CHECK(must_run(rig, {"state", "list"}) == "pool.a\npool.b\nrecord.r[1]\nrecord.r[2]\n");
}

TEST_CASE("state push takes only what pveplan wrote, unharmed") {
  Rig rig(1);
  live(rig);
  const auto good = must_run(rig, {"state", "pull"});
  const auto refuse = [&](const std::string& text, const std::string& why) {
    rig.world.disk.place("/home/tester/topology/bad.json", text);
    const auto err = must_fail(rig, {"state", "push", "--force", "bad.json"});
    INFO(err);
    CHECK(sim::contains(err, why));
  };
  refuse("\xEF\xBB\xBF" + good, "byte order mark");
  refuse(good + "\xFF", "no UTF-8");
  refuse("{}", "names no format");
  refuse("not json", "The text is no JSON");
  refuse(R"({"version":4,"terraform_version":"1.5.0","serial":1})", "Terraform");
  auto edited = good;
  edited.replace(edited.find("\"serial\":"), 9, "\"serial\":9");
  refuse(edited, "checksum");
  CHECK(has(must_fail(rig, {"state", "push", "absent.json"}), "absent.json"));
  auto foreign = pulled(rig);
  foreign.topology = "another";
  refuse(state::write_snapshot(foreign), "another");
  CHECK(must_run(rig, {"state", "pull"}) == good);
}

TEST_CASE("a damaged state is replaced by force only, and is kept beside the new one") {
  Rig rig(1);
  live(rig);
  const auto good = must_run(rig, {"state", "pull"});
  rig.world.disk.place("/home/tester/topology/good.json", good);
  rig.world.disk.place(kFolder + "state.json", "{ damaged");
  const auto told = must_fail(rig, {"state", "list"});
  INFO(told);
  CHECK(has(told, "Damaged state"));
  CHECK(sim::contains(told,
                      "state.json' cannot be used. The text is no JSON: something that does not "
                      "belong there stands at line 1, column 3 (byte 3). Nothing was changed."));
  CHECK_FALSE(has(told, "parse error"));
  CHECK(sim::contains(must_fail(rig, {"state", "push", "good.json"}), "--force"));
  CHECK(rig.world.disk.content(kFolder + "state.json") == "{ damaged");
  must_run(rig, {"state", "push", "--force", "good.json"});
  CHECK(rig.world.disk.content(kFolder + "state.json.old") == "{ damaged");
  must_run(rig, {"plan", "--detailed-exitcode"});
}

TEST_CASE("a state moves from the folder to a server and stays one") {
  Rig rig(1);
  sim::StateKeeper keeper;
  rig.world.network.connect("state.lan", keeper);
  live(rig);
  rig.write_topology(with_server(kPools));
  CHECK(sim::contains(must_fail(rig, {"plan"}), "pveplan state push .pveplan/t/state.json"));
  must_run(rig, {"state", "push", ".pveplan/t/state.json"});
  must_run(rig, {"plan", "--detailed-exitcode"});
  must_run(rig, {"state", "mv", "pool.a", "pool.z"});
  must_run(rig, {"state", "rm", "record.r[*]"});
  CHECK(keeper.state == must_run(rig, {"state", "pull"}));
  CHECK(must_run(rig, {"state", "list"}) == "pool.b\npool.z\n");
  CHECK_FALSE(keeper.lock);
  CHECK(keeper.complaints == std::vector<std::string>());
}

TEST_CASE("state push to a server refuses an older state, and --force does not") {
  Rig rig(1);
  sim::StateKeeper keeper;
  rig.world.network.connect("state.lan", keeper);
  rig.write_topology(with_server(kPools));
  must_run(rig, {"apply", "--auto-approve"});
  rig.world.disk.place("/home/tester/topology/old.json", *keeper.state);
  must_run(rig, {"state", "rm", "pool.b"});
  const auto present = keeper.state;
  CHECK(sim::contains(must_fail(rig, {"state", "push", "old.json"}), "The file is older"));
  CHECK(keeper.state == present);
  must_run(rig, {"state", "push", "--force", "old.json"});
  must_run(rig, {"plan", "--detailed-exitcode"});
  CHECK_FALSE(keeper.lock);
}

TEST_CASE("state unlock says who has the lock before it takes it away") {
  Rig rig(1);
  sim::StateKeeper keeper;
  rig.world.network.connect("state.lan", keeper);
  rig.write_topology(with_server(kPools));
  CHECK(must_run(rig, {"state", "unlock"}) == "The state is not locked.\n");
  CHECK_FALSE(keeper.lock);
  keeper.lock = R"({"ID":"abc","Operation":"apply","Who":"ann@laptop",)"
                R"("Created":"2025-12-31T20:00:00Z","RunURL":"https://ci/7"})";
  const auto shown = must_fail(rig, {"state", "unlock"});
  CHECK(sim::contains(shown, "ann@laptop runs `apply` since 2025-12-31T20:00:00Z"));
  CHECK(sim::contains(shown, "h ago)"));
  CHECK(sim::contains(shown, "https://ci/7"));
  CHECK(sim::contains(shown, "pveplan state unlock abc"));
  CHECK(sim::contains(must_fail(rig, {"state", "unlock", "abd", "--auto-approve"}),
                      "not locked by abd"));
  CHECK(sim::contains(must_fail(rig, {"state", "unlock", "abc"}), "no terminal to ask on"));
  CHECK(keeper.lock_id() == "abc");
  must_run(rig, {"state", "unlock", "abc", "--auto-approve"});
  CHECK_FALSE(keeper.lock);
  CHECK(keeper.requests().back() == "UNLOCK /t/lock");
}

TEST_CASE("the lock of a living process on this machine is not taken away") {
  Rig rig(1);
  rig.write_topology(kPools);
  CHECK(must_run(rig, {"state", "unlock"}) == "The state is not locked.\n");
  must_run(rig, {"apply", "--auto-approve"});
  sim::SimHost other(rig.world);
  const auto held = other.files.try_lock(kFolder + "lock");
  REQUIRE((held && *held != nullptr));
  const auto refused = must_fail(rig, {"state", "unlock", "abc", "--auto-approve"});
  CHECK(sim::contains(refused, "goes away when that process ends"));
}

TEST_CASE("the lock names the page of the CI job") {
  Rig rig(1);
  sim::StateKeeper keeper;
  rig.world.network.connect("state.lan", keeper);
  rig.write_topology(with_server(kPools));
  std::string seen;
  keeper.trouble = [&seen](const async::HttpRequest& request) {
    if (request.method == "LOCK") seen = request.body;
    return 0;
  };
  sim::Conditions in_ci;
  in_ci.prepare = [](sim::SimHost& host) {
    host.environment.variables["CI_JOB_URL"] = "https://git.lan/ops/-/jobs/7";
  };
  CHECK(rig.run({"apply", "--auto-approve"}, in_ci).exit_code == 0);
  const auto info = schema::parse_json(seen);
  REQUIRE(info);
  CHECK(info->find("RunURL")->as_string() == "https://git.lan/ops/-/jobs/7");
  CHECK(info->find("Who")->as_string() == "tester@workstation");
  CHECK(info->find("Path")->as_string() == "https://state.lan/t");
}

TEST_CASE("what the topology leaves open about its server, the environment may say") {
  Rig rig(1);
  sim::StateKeeper keeper;
  keeper.login = "Basic Y2k6czNjcmV0";
  rig.world.network.connect("state.lan", keeper);
  auto topology = kPools;
  const std::string name = "name = \"t\"\n";
  rig.write_topology(topology.replace(topology.find(name), name.size(),
                                      name + "state = { backend = \"http\" }\n"));
  CHECK(sim::contains(must_fail(rig, {"plan"}), "TF_HTTP_ADDRESS"));
  sim::Conditions given;
  given.prepare = [](sim::SimHost& host) {
    host.environment.variables["TF_HTTP_ADDRESS"] = "https://state.lan/t";
    host.environment.variables["TF_HTTP_LOCK_ADDRESS"] = "https://state.lan/t/lock";
    host.environment.variables["TF_HTTP_UNLOCK_ADDRESS"] = "https://state.lan/t/lock";
    host.environment.variables["TF_HTTP_LOCK_METHOD"] = "POST";
    host.environment.variables["TF_HTTP_UNLOCK_METHOD"] = "DELETE";
    host.environment.variables["TF_HTTP_USERNAME"] = "ci";
    host.environment.variables["TF_HTTP_PASSWORD"] = "s3cret";
  };
  const auto applied = rig.run({"apply", "--auto-approve"}, given);
  INFO(applied.out << applied.err);
  CHECK(applied.exit_code == 0);
  CHECK(keeper.state);
  CHECK(keeper.requests().front() == "POST /t/lock");
  CHECK(keeper.requests().back() == "DELETE /t/lock");
}
