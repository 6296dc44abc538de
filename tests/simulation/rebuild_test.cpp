// A state that was lost, and objects that are not what the state says.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-219\"]\n" + Rig::connection();
const std::string kTopology =
    kHead +
    "[pool.team]\ncomment = \"ours\"\n[pool.other]\ncomment = \"too\"\n"
    "[image.debian]\nstorage = \"local\"\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n"
    "[vm.a]\ntemplate = \"debian\"\npool = \"team\"\ncores = 2\n"
    "disk.data = { storage = \"local-lvm\", size = \"1GiB\" }\n"
    "nic.lan.bridge = \"vmbr0\"\n"
    "[vm.b]\ncount = 2\nmemory = \"256MiB\"\n"
    "disk.one = { storage = \"local-lvm\", size = \"1GiB\" }\n";
const std::vector<std::string> kApply = {"apply", "--auto-approve"};

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

/// The folder with the state is gone: another checkout, on the same machine.
void lose_state(Rig& rig) {
  sim::SimHost host(rig.world);
  const std::string folder = "/home/tester/topology/.pveplan/t/";
  for (const auto* name : {"state.json", "journal", "lock"})
    if (host.files.exists(folder + name)) REQUIRE(host.files.remove(folder + name));
  const auto backups = host.files.list(folder + "backups");
  if (!backups) return;
  for (const auto& name : *backups) REQUIRE(host.files.remove(folder + "backups/" + name));
}

}  // namespace

TEST_CASE("a plan without a state names the guests that say they are ours, and makes none anew") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  lose_state(rig);
  const auto guests = rig.lab.world().guests.size();
  for (const auto& command : {std::vector<std::string>{"plan"}, kApply}) {
    const auto err = must_fail(rig, command);
    CHECK(sim::contains(err, "State lost, or a second checkout?"));
    for (const auto* address : {"vm.a (", "vm.b[1] (", "vm.b[2] (", "template.debian"})
      CHECK(sim::contains(err, address));
    CHECK(sim::contains(err, "pveplan state rebuild"));
  }
  CHECK(rig.lab.world().guests.size() == guests);
}

TEST_CASE("state rebuild takes guests by their marker and other objects that are as stated") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  const auto before = must_run(rig, {"state", "list"});
  rig.lab.world().access.pools.at("other").comment = "changed";
  lose_state(rig);
  CHECK(sim::contains(must_fail(rig, {"state", "rebuild"}), "no terminal to ask on"));
  const auto rebuilt = must_run(rig, {"state", "rebuild", "--auto-approve"});
  INFO(rebuilt);
  CHECK(sim::contains(rebuilt, "vm.a: 2"));
  CHECK(sim::contains(rebuilt, "pool.team: exactly as the topology states it"));
  CHECK(sim::contains(rebuilt, "pool.other: it exists, but not as the topology states it"));
  rig.lab.world().access.pools.at("other").comment = "too";
  CHECK(
      sim::contains(must_run(rig, {"state", "rebuild", "--auto-approve"}), "pool.other: exactly"));
  // An image carries no marker; the file that is there is used.
  CHECK(sim::contains(must_run(rig, {"plan"}), "Plan: 1 to add, 0 to change, 0 to destroy."));
  must_run(rig, kApply);
  CHECK(must_run(rig, {"state", "list"}) == before);
}

TEST_CASE("a guest that an older state does not know is not made a second time") {
  Rig rig(1);
  const auto with = [](int count) {
    return kHead + fmt::format("[record.r]\n[vm.b]\ncount = {}\nmemory = \"256MiB\"\n", count);
  };
  rig.write_topology(with(1));
  must_run(rig, kApply);
  const auto older = *rig.world.disk.content("/home/tester/topology/.pveplan/t/state.json");
  rig.write_topology(with(2));
  must_run(rig, kApply);
  rig.world.disk.place("/home/tester/older.json", older);
  must_run(rig, {"state", "push", "--force", "/home/tester/older.json"});
  for (const auto& command : {std::vector<std::string>{"plan"}, kApply}) {
    const auto refused = must_fail(rig, command);
    INFO(refused);
    CHECK(sim::contains(refused, "Made before, and not in the state"));
    CHECK(sim::contains(refused, "201 on pve"));
  }
  CHECK(rig.lab.world().guests.size() == 2);
  must_run(rig, {"plan", "--target", "record.r"});  // what it is not about hinders nobody
  must_run(rig, {"state", "rebuild", "--auto-approve"});
  CHECK(sim::contains(must_run(rig, {"plan", "--detailed-exitcode"}), "No changes"));
  CHECK(rig.lab.world().guests.size() == 2);
}

TEST_CASE("a guest of somebody else with the same name hinders nobody") {
  Rig rig(1);
  rig.write_topology(kHead + "[vm.b]\nmemory = \"256MiB\"\n");
  must_run(rig, kApply);
  auto foreign = rig.lab.world().guests.at(200);
  foreign.options["description"] = "mine";
  foreign.options["name"] = "c";
  rig.lab.world().guests.emplace(300, foreign);
  rig.write_topology(kHead + "[vm.b]\nmemory = \"256MiB\"\n[vm.c]\nmemory = \"256MiB\"\n");
  must_run(rig, kApply);
  CHECK(rig.lab.world().guests.size() == 3);
}

TEST_CASE("a rebuilt state destroys what it took, and nothing else") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  lose_state(rig);
  must_run(rig, {"state", "rebuild", "--auto-approve"});
  must_run(rig, {"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(rig.lab.world().guests.empty());
}

TEST_CASE("state rebuild leaves copies and what has no block, and says so") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  auto& guests = rig.lab.world().guests;
  const auto copy = guests.begin()->second;
  guests.emplace(300, copy);
  lose_state(rig);
  auto topology = kTopology;
  topology.replace(topology.find("count = 2"), 9, "count = 1");
  rig.write_topology(topology);
  const auto rebuilt = must_run(rig, {"state", "rebuild", "--auto-approve"});
  INFO(rebuilt);
  CHECK(sim::contains(rebuilt, "300 on pve: a copy of"));
  CHECK(sim::contains(rebuilt, "the topology has no block vm.b[2]"));
}

TEST_CASE("a guest that was restored from a backup is managed again after state accept") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  auto& guests = rig.lab.world().guests;
  for (auto& [vmid, guest] : guests) {
    const auto name = guest.options.find("name");
    if (name == guest.options.end() || name->second != "a") continue;
    guest.options["smbios1"] = "uuid=11111111-2222-4333-8444-555555555555";
  }
  const auto plan = rig.run({"plan"});
  CHECK(plan.exit_code != 0);
  CHECK(sim::contains(plan.out + plan.err, "another guest now"));
  CHECK(sim::contains(must_fail(rig, {"state", "accept", "vm.z", "--auto-approve"}),
                      "The state has no vm.z"));
  const auto accepted = must_run(rig, {"state", "accept", "vm.a", "--auto-approve"});
  CHECK(sim::contains(accepted, "11111111-2222-4333-8444-555555555555"));
  const auto after = rig.run({"plan", "--detailed-exitcode"});
  INFO(after.out << after.err);
  CHECK(after.exit_code == 0);
  CHECK(sim::contains(must_run(rig, {"state", "accept", "vm.a"}), "is the object that the state"));
}

TEST_CASE("a cluster with a renewed certificate authority is accepted when its guests are there") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  std::string other = rig.lab.world().cluster.root_ca_fingerprint;
  other[0] = other[0] == 'A' ? 'B' : 'A';
  rig.lab.world().cluster.root_ca_fingerprint = other;
  CHECK(sim::contains(must_fail(rig, {"plan"}), "pveplan state accept --cluster"));
  const auto accepted = must_run(rig, {"state", "accept", "--cluster", "--auto-approve"});
  CHECK(sim::contains(accepted, "4 of 4 guests of the state are there"));
  const auto plan = rig.run({"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
}

TEST_CASE("another cluster, with none of the guests, is not accepted") {
  Rig rig(1);
  rig.write_topology(kTopology);
  must_run(rig, kApply);
  rig.lab.world().cluster.root_ca_fingerprint[0] = 'C';
  rig.lab.world().cluster.root_ca_fingerprint[1] = '7';
  rig.lab.world().guests.clear();
  CHECK(sim::contains(must_fail(rig, {"state", "accept", "--cluster", "--auto-approve"}),
                      "this is not the cluster that it belongs to"));
}
