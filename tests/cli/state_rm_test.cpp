// Forgetting what the state knows.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <csignal>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n" + Rig::connection();

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string must_run(Rig& rig, const std::vector<std::string>& command) {
  const auto ended = rig.run(command);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  return ended.out;
}

}  // namespace

TEST_CASE("state rm forgets rows, and the objects stay on the server") {
  Rig rig(1);
  rig.write_topology(kHead + "[pool.a]\n[pool.b]\n[record.r]\ncount = 2\ninput = 1\n");
  must_run(rig, {"apply", "--auto-approve"});
  const auto forgotten = must_run(rig, {"state", "rm", "pool.a", "record.r[*]"});
  INFO(forgotten);
  CHECK(has(forgotten, "forgot pool.a\nforgot record.r[1]\nforgot record.r[2]\n"));
  CHECK(has(forgotten, "Nothing was deleted on the server."));
  CHECK(must_run(rig, {"state", "list"}) == "pool.b\n");
  CHECK(rig.lab.world().access.pools.size() == 2);
  CHECK(must_run(rig, {"state", "rm", "pool.b"}).starts_with("forgot pool.b\n"));
  CHECK(must_run(rig, {"state", "list"}).empty());
}

TEST_CASE("state rm with one unknown address forgets nothing and suggests the nearest") {
  Rig rig(1);
  rig.write_topology(kHead + "[pool.web]\n[pool.db]\n");
  must_run(rig, {"apply", "--auto-approve"});
  const auto refused = rig.run({"state", "rm", "pool.db", "pool.wep"});
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "The state has no pool.wep, so nothing was forgotten."));
  CHECK(has(refused.err, "Did you mean \"pool.web\"?"));
  CHECK(must_run(rig, {"state", "list"}) == "pool.db\npool.web\n");
}

TEST_CASE("state rm leaves alone what an earlier write may still change") {
  Rig rig(1);
  rig.write_topology(kHead + "[pool.web]\n");
  must_run(rig, {"apply", "--auto-approve"});
  rig.write_topology(kHead + "[pool.web]\ncomment = \"new\"\n");
  lab::Fault lost;
  lost.kind = lab::FaultKind::delay;
  lost.method = "PUT";
  lost.delay = std::chrono::hours(1);
  rig.lab.world().faults.push_back(lost);
  sim::Conditions impatient;
  impatient.prepare = [](sim::SimHost& host) {
    for (const int seconds : {5, 6})
      host.signals.send_at(SIGINT, host.world.clock.now() + std::chrono::seconds(seconds));
  };
  CHECK(rig.run({"apply", "--auto-approve"}, impatient).exit_code == 130);
  const auto refused = rig.run({"state", "rm", "pool.web"});
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "An earlier write is still open"));
  must_run(rig, {"apply", "--auto-approve"});
  must_run(rig, {"state", "rm", "pool.web"});
}

TEST_CASE("a guest whose number somebody else took can be forgotten and made anew") {
  Rig rig(1);
  rig.write_topology(kHead +
                     "[vm.a]\npower = \"stopped\"\nmemory = \"256MiB\"\n"
                     "disk.one = { storage = \"local-lvm\", size = \"1GiB\" }\n");
  must_run(rig, {"apply", "--auto-approve"});
  auto& guests = rig.lab.world().guests;
  REQUIRE(guests.size() == 1);
  auto& options = guests.begin()->second.options;
  options["smbios1"] = "uuid=00000000-1111-2222-3333-444444444444";
  options["description"] = "restored by hand";
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK(has(plan.out + plan.err, "is another guest now"));
  CHECK(has(plan.out + plan.err, "pveplan state rm"));
  must_run(rig, {"state", "rm", "vm.a"});
  must_run(rig, {"apply", "--auto-approve"});
  CHECK(guests.size() == 2);
  CHECK(guests.begin()->second.options.at("description") == "restored by hand");
  CHECK(must_run(rig, {"plan", "--detailed-exitcode"}).find("No changes") != std::string::npos);
}
