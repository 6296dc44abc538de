// What waits for something that cannot be read is not planned, and says so.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

std::string head(int nodes) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection(nodes);
}

std::string bridge(const std::string& name) { return "[bridge." + name + "]\nnodes = [\"pve\"]\n"; }

std::string state_list(Rig& rig) { return rig.run({"state", "list"}).out; }

void let_time_pass(Rig& rig) {
  rig.world.clock.pass(std::chrono::minutes(2));
  rig.lab.advance(rig.world.clock.now());
}

const std::string kGuestOnNew =
    "[vm.a]\nnic.lan.bridge = \"vmbr7\"\n[record.number]\ninput = \"${vm.a.id}\"\n"
    "[record.other]\ninput = 1\n";

}  // namespace

TEST_CASE("what needs a new bridge that cannot be read is not planned, directly or not") {
  Rig rig(GENERATE(1, 2));
  rig.deployer_privileges().erase("SDN.Use");
  rig.write_topology(head(1) + bridge("vmbr7") + kGuestOnNew);
  const auto plan = rig.run_as_deployer({"plan"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 3);
  CHECK(contains(plan.out, "1 resource cannot be read, 2 not planned for that reason"));
  CHECK(contains(plan.out, "? vm.a not planned: needs bridge.vmbr7[pve], which cannot be read"));
  CHECK(contains(plan.out, "? record.number not planned: needs bridge.vmbr7[pve]"));
  CHECK(contains(plan.out, "Plan: 1 to add, 0 to change, 0 to destroy."));
  const auto json = rig.run_as_deployer({"plan", "--format", "json"});
  CHECK(contains(json.out, "\"blocker\": \"bridge.vmbr7[pve]\""));
  const auto markdown = rig.run_as_deployer({"plan", "--format", "markdown"});
  CHECK(contains(markdown.out, "`vm.a` (for `bridge.vmbr7[pve]`)"));

  const auto applied = rig.run_as_deployer({"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  CHECK(applied.exit_code == 3);
  CHECK(contains(applied.out, "Done 1, failed 0, skipped 0"));
  CHECK(contains(applied.out, "Left as they are: bridge.vmbr7[pve], record.number, vm.a."));
  CHECK(state_list(rig) == "record.other\n");
  rig.deployer_privileges().insert("SDN.Use");
  CHECK(rig.run_as_deployer({"apply", "--auto-approve"}).exit_code == 0);
  CHECK(state_list(rig) == "bridge.vmbr7[pve]\nrecord.number\nrecord.other\nvm.a\n");
}

TEST_CASE("a saved plan that held something back does the rest, and nothing else") {
  Rig rig(1);
  rig.deployer_privileges().erase("SDN.Use");
  rig.write_topology(head(1) + bridge("vmbr7") + kGuestOnNew);
  CHECK(rig.run_as_deployer({"plan", "-o", "p.json"}).exit_code == 3);
  const auto shown = rig.run_as_deployer({"show", "p.json"});
  CHECK(contains(shown.out, "? vm.a not planned: needs bridge.vmbr7[pve]"));
  CHECK(rig.run_as_deployer({"apply", "p.json"}).exit_code == 3);
  CHECK(state_list(rig) == "record.other\n");
}

TEST_CASE("what a guest that was held back still uses is not removed") {
  Rig rig(1);
  rig.write_topology(head(1) + "[pool.p]\n[vm.a]\npool = \"p\"\nnic.lan.bridge = \"vmbr0\"\n");
  const auto made = rig.run_as_deployer({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == 0);
  let_time_pass(rig);
  rig.deployer_privileges().erase("SDN.Use");
  rig.write_topology(head(1) + bridge("vmbr7") + "[vm.a]\nnic.lan.bridge = \"vmbr7\"\n");
  const auto plan = rig.run_as_deployer({"plan"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 3);
  CHECK(contains(plan.out, "? vm.a not planned: needs bridge.vmbr7[pve]"));
  CHECK(contains(plan.out,
                 "? pool.p not planned: vm.a depends on it and waits for bridge.vmbr7[pve]"));
  CHECK(rig.run_as_deployer({"apply", "--auto-approve"}).exit_code == 3);
  CHECK(state_list(rig) == "pool.p\nvm.a\n");
}

TEST_CASE("what an unreadable guest depends on outlives a destroy, which says what is left") {
  Rig rig(1, 3);
  rig.write_topology(head(3) + "[pool.p]\n[vm.a]\nnode = \"pve3\"\npool = \"p\"\n[vm.b]\n");
  const auto made = rig.run({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == 0);
  let_time_pass(rig);
  rig.lab.world().nodes.at("pve3").online = false;
  const auto destroyed = rig.run({"destroy", "--auto-approve", "--allow", "data-loss=*"});
  INFO(destroyed.out << destroyed.err);
  CHECK(destroyed.exit_code == 3);
  CHECK(contains(destroyed.out, "? pool.p not planned: vm.a depends on it and cannot be read"));
  CHECK(state_list(rig) == "pool.p\nvm.a\n");

  const auto again = rig.run({"destroy", "--auto-approve"});
  INFO(again.out << again.err);
  CHECK(again.exit_code == 3);
  CHECK_FALSE(contains(again.out, "is left to destroy"));
  CHECK(contains(again.out, "? vm.a cannot be read: node pve3 is offline"));
  CHECK(contains(again.out, "it cannot be destroyed as long as it cannot be read"));
  rig.lab.world().nodes.at("pve3").online = true;
  CHECK(rig.run({"destroy", "--auto-approve", "--allow", "data-loss=*"}).exit_code == 0);
  CHECK(contains(rig.run({"destroy", "--auto-approve"}).out, "is left to destroy"));
}

TEST_CASE("drift looks at what exists, whatever speaks against a plan") {
  Rig rig(1);
  rig.write_topology(head(1) + "[record.r]\ninput = 1\n" + bridge("vmbr7"));
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  auto& network = rig.lab.world().nodes.at("pve").network;
  auto waiting = network.current;
  waiting.interfaces.push_back({"vmbr99", {{"type", "bridge"}, {"method", "manual"}}});
  network.pending = waiting;
  rig.write_topology(head(1) + "[record.r]\ninput = 1\n" + bridge("vmbr7") + "mtu = 9000\n" +
                     bridge("vmbr8") + "[vm.a]\nnode = \"pve\"\nnic.lan.bridge = \"nowhere\"\n");
  CHECK(rig.run({"plan"}).exit_code == 1);
  const auto before = rig.requests().size();
  const auto drift = rig.run({"drift"});
  INFO(drift.out << drift.err);
  CHECK(drift.exit_code == 0);
  CHECK_FALSE(contains(drift.err, "error"));
  CHECK(contains(drift.out, "No drift."));
  CHECK(rig.requests().size() - before <= 10);
}
