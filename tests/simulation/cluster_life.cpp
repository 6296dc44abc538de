#include "tests/simulation/cluster_life.hpp"

#include "tests/simulation/drawn_topology.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/trouble.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace pveplan::sim {
namespace {

using Command = std::vector<std::string>;
const Command kApply = {"apply", "--auto-approve", "--allow", "data-loss=*"};
const Command kDestroy = {"destroy", "--auto-approve", "--allow", "data-loss=*"};

/// What went wrong, with all that a reader needs.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A second port on each node, a shared storage, and the password that topologies name.
void furnish(Rig& rig) {
  auto& world = rig.lab.world();
  for (auto& [name, node] : world.nodes) {
    node.network.current.interfaces.push_back({"eno2", {{"type", "eth"}, {"method", "manual"}}});
    node.network.links.emplace_back("eno2");
    node.network.hardware.emplace_back("eno2");
  }
  lab::StorageDefinition shared;
  shared.type = "nfs";
  shared.options = {{"content", "images,import"},
                    {"path", "/mnt/pve/nfs1"},
                    {"export", "/srv"},
                    {"server", "192.0.2.1"}};
  world.storage.definitions["nfs1"] = shared;
  world.storage.spaces["nfs1"][""].total = std::int64_t{4096} << 30;
  rig.environment["PASSWORD"] = "correct horse";
}

/// How often the cluster was asked depends on how long its tasks took.
std::string without_reads(std::string text) {
  const auto begin = text.find("\nReads ");
  if (begin != std::string::npos) text.erase(begin + 1, text.find('\n', begin + 1) - begin);
  return text;
}

class Life {
 public:
  Life(std::uint64_t seed, bool print)
      : draws_(seed ^ 0x2545f4914f6cdd1dULL),
        life_{seed, static_cast<int>(1 + seed % 3), seed % 2 == 0 ? 804 : 902},
        print_(print),
        rig_(seed, life_.nodes),
        strangers_((furnish(rig_), rig_), draws_) {}

  std::uint64_t run() {
    for (std::uint64_t edit = 0, edits = 1 + draws_.below(3); edit < edits; ++edit) {
      topology_ = draw_topology(life_, static_cast<int>(edit), draws_);
      text_ = topology_.text();
      rig_.write_topology(text_);
      reach(kApply);
      check_rest();
    }
    reach(kDestroy);
    check_end();
    return rig_.world.trace.hash();
  }

  std::string story() const { return text_ + "\n" + strangers_.deeds(); }

 private:
  void demand(bool good, const std::string& what) {
    if (!good) throw Fault(what);
  }

  void tell(const std::string& what) {
    if (print_) fmt::print("{}\n", what);
  }

  void reach(const Command& command) {
    for (auto deeds = draws_.below(3); deeds > 0; --deeds) strangers_.meddle();
    for (auto troubles = draws_.below(3); troubles > 0; --troubles) meet_trouble(command);
    check_order_of_text();
    rig_.let_time_pass(std::chrono::minutes(3));
    come_to_rest(command);
  }

  void meet_trouble(const Command& command) {
    const auto meanwhile = draws_.below(6);
    const auto ended = run_in_trouble(rig_, draws_, command, [this, meanwhile, command] {
      if (meanwhile == 0) strangers_.meddle_meanwhile();
      if (meanwhile == 1) run_beside(command);
    });
    tell("in trouble: " + ended.out + ended.err);
    demand(ended.late_calls.empty(), "a stopped process made a call");
    demand(strangers_.damage().empty(), "strangers' things were touched: " + strangers_.damage());
  }

  /// Another process from its beginning to its end while the first one stands still.
  void run_beside(const Command& command) {
    const auto lock = rig_.world.disk.find("/home/tester/topology/.pveplan/t/lock");
    const bool held = lock != nullptr && lock->lock != 0;
    const auto before = rig_.requests().size();
    const auto second = rig_.run(command);
    tell("beside: " + second.out + second.err);
    if (!held) return;
    demand(second.exit_code == 1, "two processes hold the state: " + second.out + second.err);
    const auto requests = rig_.requests();
    demand(requests.size() == before, "a process without the lock asked the cluster something");
  }

  void check_order_of_text() {
    if (!draws_.one_in(3)) return;
    const auto once = rig_.run({"plan"});
    rig_.write_topology(topology_.shuffled(draws_));
    const auto again = rig_.run({"plan"});
    rig_.write_topology(text_);
    demand(without_reads(once.out) == without_reads(again.out),
           "the order of the text changes the plan:\n" + once.out + "\n--- is now\n" + again.out);
  }

  void come_to_rest(const Command& command) {
    std::string told;
    for (int tries = 0; tries < 8; ++tries) {
      const auto ended = rig_.run(command);
      told = ended.out + ended.err;
      tell(told);
      demand(strangers_.damage().empty(),
             "strangers' things were touched: " + strangers_.damage() + told);
      if (ended.exit_code == 0) return;
      demand(strangers_.cure(told),
             "refused, and nothing that stands in the way is named:\n" + told);
    }
    throw Fault("does not come to rest:\n" + told);
  }

  void check_rest() {
    const auto plan = rig_.run({"plan", "--detailed-exitcode"});
    demand(plan.exit_code == 0, "the plan after apply is not empty:\n" + plan.out + plan.err);
    const auto topology = understood(text_);
    const auto faults = faults_of_world(rig_, topology, strangers_);
    demand(faults.empty(), faults + plan.out);
    const auto now = identities(rig_);
    for (const auto& [address, identity] : known_) {
      const auto found = now.find(address);
      const bool same = found == now.end() || found->second == identity;
      demand(same || strangers_.hurt().contains(address), address + " is another guest now");
    }
    known_ = now;
  }

  void check_end() {
    for (const auto& [vmid, guest] : rig_.lab.world().guests)
      demand(strangers_.owns(vmid), fmt::format("{} is left", vmid));
    demand(rig_.run({"state", "list"}).out.empty(), "the state is not empty");
    demand(orphans(rig_).empty(), orphans(rig_));
    demand(strangers_.damage().empty(), strangers_.damage());
  }

  SimRandom draws_;
  DrawnLife life_;
  bool print_;
  Rig rig_;
  Strangers strangers_;
  DrawnTopology topology_;
  std::string text_;
  std::map<std::string, std::string> known_;
};

}  // namespace

ClusterLife live_in_cluster(std::uint64_t seed, bool print) {
  ClusterLife result;
  Life life(seed, print);
  try {
    result.trace = life.run();
  } catch (const std::exception& error) {
    result.fault = life.story() + error.what();
  }
  return result;
}

}  // namespace pveplan::sim
