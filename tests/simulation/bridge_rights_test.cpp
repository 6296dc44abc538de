// What a token may not see, or others are about to change, in a node's network.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n" + Rig::connection();
const std::string kBridge = "[bridge.vmbr7]\nnodes = [\"pve\"]\naddress = \"10.77.0.1/24\"\n";

bool has_interface(Rig& rig, const std::string& name) {
  for (const auto& interface : rig.lab.world().nodes.at("pve").network.current.interfaces) {
    if (interface.name == name) return true;
  }
  return false;
}

/// Loses every look at the node's network that comes after a write to it.
class BlindAfterWrite final : public sim::SimFaults {
 public:
  sim::Fate fate(const async::HttpRequest& request) override {
    const bool network = request.url.find("/network") != std::string::npos;
    written_ = written_ || (network && request.writes);
    return network && written_ && !request.writes ? sim::Fate::lose_before_effect
                                                  : sim::Fate::deliver;
  }
  sim::Duration latency(const async::HttpRequest&) override { return {}; }

 private:
  bool written_ = false;
};

/// One apply that cannot look at the network after it has written to it.
void apply_blindly(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  BlindAfterWrite network;
  rig.world.network.set_faults(&network);
  const auto ended = rig.run({"apply", "--auto-approve"});
  rig.world.network.set_faults(nullptr);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code != 0);
}

}  // namespace

TEST_CASE("a change of a network after which nobody could look is known as ours") {
  Rig rig(GENERATE(1, 2));
  const auto finishes = [&] {
    const auto again = rig.run({"apply", "--auto-approve"});
    INFO(again.out << again.err);
    CHECK(again.exit_code == 0);
    CHECK_FALSE(rig.lab.world().nodes.at("pve").network.pending);
    CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
  };
  apply_blindly(rig, kBridge);
  finishes();
  CHECK(has_interface(rig, "vmbr7"));
  apply_blindly(rig, kBridge + "mtu = 1400\n");
  SECTION("it is finished") { finishes(); }
  SECTION("unless somebody has changed something since") {
    REQUIRE(rig.ask("PUT", "/nodes/pve/network/vmbr7", "type=bridge&cidr=10.77.0.9%2F24") == 200);
    const auto refused = rig.run({"apply", "--auto-approve"});
    INFO(refused.out << refused.err);
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "changes wait to be applied that are not ours"));
    return;
  }
  apply_blindly(rig, "");
  finishes();
  CHECK_FALSE(has_interface(rig, "vmbr7"));
}

TEST_CASE("a bridge that the token may not see is unreadable, not gone") {
  Rig rig(GENERATE(1, 2));
  rig.write_topology(kHead + kBridge);
  const auto made = rig.run_as_deployer({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == 0);
  rig.deployer_privileges().erase("SDN.Use");

  const auto plan = rig.run_as_deployer({"plan"});
  INFO(plan.out << plan.err);
  CHECK_FALSE(contains(plan.out + plan.err, "is gone"));
  CHECK(contains(plan.out + plan.err, "SDN.Audit or SDN.Use on /sdn/zones/localnetwork/vmbr7"));
  const auto destroyed = rig.run_as_deployer({"destroy", "--auto-approve"});
  INFO(destroyed.out << destroyed.err);
  CHECK(rig.run({"state", "list"}).out == "bridge.vmbr7[pve]\n");
  CHECK(has_interface(rig, "vmbr7"));

  rig.deployer_privileges().insert("SDN.Audit");
  CHECK(rig.run_as_deployer({"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(rig.run_as_deployer({"destroy", "--auto-approve"}).exit_code == 0);
  CHECK_FALSE(has_interface(rig, "vmbr7"));
  CHECK(rig.run({"state", "list"}).out.empty());
}

TEST_CASE("a new bridge whose name may be taken out of sight is not made") {
  Rig rig(1);
  rig.deployer_privileges().erase("SDN.Use");
  rig.write_topology(kHead + kBridge);
  const auto applied = rig.run_as_deployer({"apply", "--auto-approve"});
  INFO(applied.out << applied.err);
  CHECK(contains(applied.out + applied.err, "SDN.Audit or SDN.Use"));
  CHECK_FALSE(has_interface(rig, "vmbr7"));
}

TEST_CASE("others' waiting network changes refuse a plan that writes there, before anything runs") {
  Rig rig(GENERATE(1, 2));
  const std::string record = "[record.r]\ninput = 1\n";
  rig.write_topology(kHead + kBridge);
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  auto& network = rig.lab.world().nodes.at("pve").network;
  auto waiting = network.current;
  waiting.interfaces.push_back({"vmbr99", {{"type", "bridge"}, {"method", "manual"}}});
  network.pending = waiting;
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);

  auto changed = kBridge;
  changed += "mtu = 9000\n";
  const auto added = kBridge + "[bridge.lan]\niface = \"vmbr8\"\nnodes = [\"pve\"]\n";
  for (const auto& text : {changed, added, std::string()}) {
    rig.write_topology(kHead + record + text);
    const auto refused = rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"});
    INFO(text << refused.out << refused.err);
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "changes wait to be applied that are not ours (vmbr99)"));
    CHECK(rig.run({"state", "list"}).out == "bridge.vmbr7[pve]\n");
  }
  network.pending.reset();
  rig.write_topology(kHead + record + added);
  CHECK(rig.run({"apply", "--auto-approve"}).exit_code == 0);
}

TEST_CASE("a bridge that others are about to remove is not told as gone") {
  Rig rig(1);
  rig.write_topology(kHead + kBridge);
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  auto& network = rig.lab.world().nodes.at("pve").network;
  auto waiting = network.current;
  waiting.interfaces.pop_back();
  network.pending = waiting;
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK_FALSE(contains(plan.out, "is gone"));
  CHECK(contains(plan.out + plan.err, "not ours (vmbr7)"));
}

TEST_CASE("our own waiting changes are known again, whatever the blocks are called") {
  const std::string two = kHead + "[bridge.lan]\niface = \"vmbr7\"\nnodes = [\"pve\"]\n" +
                          "[bridge.dmz]\niface = \"vmbr8\"\nnodes = [\"pve\"]\n";
  Rig whole(1);
  whole.write_topology(two);
  const auto all = whole.run({"apply", "--auto-approve"});
  REQUIRE(all.exit_code == 0);
  for (std::uint64_t boundary = 1; boundary <= all.boundaries; ++boundary) {
    INFO("boundary " << boundary);
    Rig rig(1);
    rig.write_topology(two);
    sim::Conditions conditions;
    conditions.stop_before = boundary;
    rig.run({"apply", "--auto-approve"}, conditions);
    const auto again = rig.run({"apply", "--auto-approve"});
    INFO(again.out << again.err);
    CHECK(again.exit_code == 0);
    CHECK(has_interface(rig, "vmbr7"));
    CHECK(has_interface(rig, "vmbr8"));
  }
}
