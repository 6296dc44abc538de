// Snapshots are lost with their guest: a plan names them, and does not outlive them.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-209\"]\n" + Rig::connection();
const std::string kGuest =
    "[vm.a]\nmemory = \"512MiB\"\ndisk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n";

void let_time_pass(Rig& rig) {
  rig.world.clock.pass(std::chrono::minutes(2));
  rig.lab.advance(rig.world.clock.now());
}

void add_snapshot(Rig& rig, const std::string& name) {
  auto& guest = rig.lab.world().guests.at(200);
  guest.snapshots[name].options = guest.options;
  guest.snapshots[name].taken = 1'700'000'000;
}

struct SnapshotFixture {
  Rig rig{1};
  SnapshotFixture() {
    rig.write_topology(kHead + kGuest);
    const auto made = rig.run({"apply", "--auto-approve"});
    INFO(made.out << made.err);
    REQUIRE(made.exit_code == 0);
    let_time_pass(rig);
  }
};

std::size_t snapshot_reads(const Rig& rig) {
  std::size_t count = 0;
  for (const auto& each : rig.requests()) count += each.ends_with("/snapshot") ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE_METHOD(SnapshotFixture, "a destroy names the snapshots that go, in every format") {
  add_snapshot(rig, "before-upgrade");
  add_snapshot(rig, "monday");
  const auto text = rig.run({"plan", "--destroy"});
  INFO(text.out << text.err);
  CHECK(contains(text.out, "2 snapshots (before-upgrade, monday)"));
  CHECK(contains(text.out, "Reads "));
  const auto markdown = rig.run({"plan", "--destroy", "--format", "markdown"});
  CHECK(contains(markdown.out, "loses 2 snapshots"));
  const auto json = rig.run({"plan", "--destroy", "--format", "json"});
  CHECK(contains(json.out, "\"lost_snapshots\": [ \"before-upgrade\", \"monday\" ]"));
  CHECK(snapshot_reads(rig) == 3);
}

TEST_CASE_METHOD(SnapshotFixture, "snapshots are asked for only where a change ends something") {
  add_snapshot(rig, "monday");
  rig.run({"plan"});
  rig.write_topology(kHead + kGuest + "cores = 2\n");
  const auto changed = rig.run({"plan"});
  CHECK(contains(changed.out, "1 to change"));
  CHECK(snapshot_reads(rig) == 0);
}

TEST_CASE_METHOD(SnapshotFixture, "a saved destroy is stale once somebody has taken a snapshot") {
  REQUIRE(rig.run({"plan", "--destroy", "-o", "p.json", "--allow", "data-loss=vm.a"}).exit_code ==
          0);
  add_snapshot(rig, "rescue");
  const auto refused = rig.run({"apply", "p.json"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err, "vm.a was changed by somebody else"));
  CHECK(rig.lab.world().guests.contains(200));
  rig.lab.world().guests.at(200).snapshots.clear();
  CHECK(rig.run({"apply", "p.json"}).exit_code == 0);
  CHECK_FALSE(rig.lab.world().guests.contains(200));
}

TEST_CASE_METHOD(SnapshotFixture,
                 "a snapshot taken while the question is asked stops the destroy") {
  sim::Conditions conditions;
  conditions.on_output = [this](sim::SimHost&, const std::string& text) {
    if (contains(text, "1 to destroy")) add_snapshot(rig, "rescue");
  };
  const auto stopped =
      rig.run({"destroy", "--auto-approve", "--allow", "data-loss=vm.a"}, conditions);
  INFO(stopped.out << stopped.err);
  CHECK(stopped.exit_code == 1);
  CHECK(contains(stopped.out, "is no longer as the plan saw it"));
  CHECK(rig.lab.world().guests.contains(200));
}

TEST_CASE_METHOD(SnapshotFixture, "snapshots that cannot be listed are told, not taken for none") {
  lab::Fault refusal;
  refusal.kind = lab::FaultKind::status;
  refusal.method = "GET";
  refusal.path = "/nodes/pve/qemu/200/snapshot";
  refusal.status = 403;
  refusal.text = "Permission check failed (/vms/200, VM.Audit)";
  rig.lab.world().faults.push_back(refusal);
  const auto text = rig.run({"plan", "--destroy"});
  INFO(text.out << text.err);
  CHECK(contains(text.out, "its snapshots cannot be listed"));
  CHECK(contains(text.out, "VM.Audit"));
}
