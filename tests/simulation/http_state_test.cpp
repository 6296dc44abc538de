// The whole program with its state on a server: what one machine leaves behind, and two machines.

#include "schema/json.hpp"
#include "state/snapshot.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/state_keeper.hpp"

#include <fmt/format.h>

#include <csignal>

using namespace pveplan;
using sim::Conditions;
using sim::Ended;
using sim::Rig;

namespace {

const std::string kBackend =
    "state = { backend = \"http\", address = \"https://state.lan/t\", "
    "lock_address = \"https://state.lan/t/lock\", unlock_address = \"https://state.lan/t/lock\" "
    "}\n";
const std::string kHead =
    "[pveplan]\nname = \"t\"\nvmids = [\"200-219\"]\n" + kBackend + Rig::connection();
const std::string kPools = kHead +
                           "[pool.team]\ncomment = \"one\"\n"
                           "[pool.other]\nid = \"second\"\nafter = [\"pool.team\"]\n"
                           "[record.x]\ninput = \"${pool.team.id}\"\n";
const std::string kGuests = kHead +
                            "[vm.a]\npower = \"stopped\"\nmemory = \"256MiB\"\n"
                            "disk.one = { storage = \"local-lvm\", size = \"1GiB\" }\n"
                            "[vm.b]\nmemory = \"256MiB\"\nafter = [\"vm.a\"]\n";
const std::vector<std::string> kApply = {"apply", "--auto-approve", "--allow", "data-loss=*"};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Two machines, one cluster, one server that keeps the state.
class Site {
 public:
  explicit Site(std::uint64_t seed = 1) : rig(seed) {
    rig.world.network.connect("state.lan", keeper);
  }
  void write(const std::string& topology) {
    rig.write_topology(topology);
    rig.world.disk.place("/home/other/topology/pveplan.toml", topology);
  }
  Ended first(const std::vector<std::string>& command, const Conditions& conditions = {}) {
    return rig.run(command, conditions);
  }
  Ended second(std::vector<std::string> command) {
    command.insert(command.begin(), {"-C", "/home/other/topology"});
    Conditions elsewhere;
    elsewhere.prepare = [](sim::SimHost& host) { host.environment.host = "elsewhere"; };
    return rig.run(command, elsewhere);
  }
  /// Takes a lock away that the first machine left, as a person does who knows that it stopped, and
  /// applies. A request that is still under way may bring a lock back.
  Ended second_goes_on() {
    Ended ended;
    for (int attempt = 0; attempt < 4; ++attempt) {
      if (keeper.lock) second({"state", "unlock", keeper.lock_id(), "--auto-approve"});
      ended = second(kApply);
      if (!has(ended.err, "State is locked")) break;
    }
    return ended;
  }
  state::StateFile stored() const {
    REQUIRE(keeper.state);
    auto state = state::read_snapshot(*keeper.state);
    REQUIRE(state);
    return *state;
  }

  Rig rig;
  sim::StateKeeper keeper;
};

std::string cluster_as_text(Rig& rig) {
  std::string text;
  for (const auto& [id, pool] : rig.lab.world().access.pools)
    text += id + "=" + pool.comment + "\n";
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    text += fmt::format("{}{}:", vmid, guest.running() ? ", running" : "");
    for (const auto& [option, value] : guest.options) {
      if (option != "description" && option != "smbios1" && option != "vmgenid" && option != "meta")
        text += fmt::format(" {}={}", option, value);
    }
    text += "\n";
  }
  for (const auto& [storage, nodes] : rig.lab.world().storage.volumes) {
    for (const auto& [node, volumes] : nodes) {
      for (const auto& [name, volume] : volumes) text += fmt::format("{} {}\n", name, volume.size);
    }
  }
  return text;
}

void must_be_done(const Ended& ended) {
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

enum class Who { same_machine, another_machine };

/// Stops the first apply at every boundary; somebody goes on, and everybody agrees at the end.
void stop_everywhere(const std::string& topology, Who who) {
  Site untroubled;
  untroubled.write(topology);
  const auto whole = untroubled.first(kApply);
  must_be_done(whole);
  const auto expected = cluster_as_text(untroubled.rig);
  for (std::uint64_t boundary = 1; boundary <= whole.boundaries; ++boundary) {
    Site site;
    site.write(topology);
    Conditions conditions;
    conditions.stop_before = boundary;
    const auto stopped = site.first(kApply, conditions);
    INFO(fmt::format("boundary {} of {}", boundary, whole.boundaries));
    REQUIRE(stopped.stopped);
    CHECK(stopped.late_calls.empty());
    site.rig.world.crash(boundary % 2 == 0 ? sim::Crash::power_lost : sim::Crash::process_killed);
    must_be_done(who == Who::same_machine ? site.first(kApply) : site.second_goes_on());
    CHECK(cluster_as_text(site.rig) == expected);
    for (const bool there : {false, true}) {
      const auto plan = there ? site.second({"plan", "--detailed-exitcode"})
                              : site.first({"plan", "--detailed-exitcode"});
      INFO(plan.out << plan.err);
      CHECK(plan.exit_code == 0);
    }
    CHECK(site.stored().open_intents.empty());
    CHECK(site.keeper.complaints == std::vector<std::string>());
  }
}

}  // namespace

TEST_CASE("a state on a server is written by one machine and read by the other") {
  Site site;
  site.write(kPools);
  must_be_done(site.first(kApply));
  CHECK_FALSE(site.keeper.lock);
  CHECK(site.stored().rows.size() == 3);
  const auto list = site.second({"state", "list"});
  CHECK(list.out == "pool.other\npool.team\nrecord.x\n");
  const auto plan = site.second({"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
  must_be_done(site.second({"destroy", "--auto-approve"}));
  CHECK(site.first({"state", "list"}).out.empty());
  CHECK(site.keeper.complaints == std::vector<std::string>());
}

TEST_CASE("a plan takes no lock and writes nothing, on the server nor here") {
  Site site;
  site.write(kPools);
  site.keeper.lock = R"({"ID":"other"})";
  const auto plan = site.first({"plan"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
  CHECK(site.keeper.requests() == std::vector<std::string>{"GET /t"});
  sim::SimHost host(site.rig.world);
  CHECK_FALSE(host.files.exists("/home/tester/topology/.pveplan/t"));
}

TEST_CASE("plan --lock holds the lock while it plans") {
  Site site;
  site.write(kPools);
  must_be_done(site.first({"plan", "--lock"}));
  CHECK(site.keeper.requests() ==
        std::vector<std::string>{"LOCK /t/lock", "GET /t", "UNLOCK /t/lock"});
  site.keeper.lock = R"({"ID":"other","Who":"ann@laptop","Operation":"apply"})";
  const auto refused = site.first({"plan", "--lock"});
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "ann@laptop runs `apply`"));
}

TEST_CASE("every open intent is on the server before its request is sent") {
  Site site;
  site.write(kPools);
  std::vector<std::string> unannounced;
  std::size_t creates = 0;
  class Watch : public sim::SimFaults {
   public:
    std::function<void(const async::HttpRequest&)> look;
    sim::Fate fate(const async::HttpRequest& request) override {
      look(request);
      return sim::Fate::deliver;
    }
    sim::Duration latency(const async::HttpRequest&) override {
      return std::chrono::milliseconds(1);
    }
  } watch;
  watch.look = [&](const async::HttpRequest& request) {
    if (request.method != "POST" || !has(request.url, "/pools")) return;
    ++creates;
    const auto state = site.stored();
    if (state.open_intents.empty()) unannounced.push_back(request.url);
  };
  site.rig.world.network.set_faults(&watch);
  must_be_done(site.first(kApply));
  CHECK(creates == 2);
  CHECK(unannounced == std::vector<std::string>());
}

TEST_CASE("two machines cannot apply at the same time, and the second one is told who works") {
  Site site;
  site.write(kPools);
  std::string err;
  Conditions conditions;
  bool asked = false;
  conditions.on_output = [&](sim::SimHost&, const std::string& text) {
    if (asked || !has(text, "started")) return;
    asked = true;
    REQUIRE(site.keeper.lock);
    CHECK(has(*site.keeper.lock, "\"Host\":\"workstation\""));
  };
  must_be_done(site.first(kApply, conditions));
  site.keeper.lock =
      R"({"ID":"abc","Operation":"apply","Who":"ann@laptop","Created":"2026-01-01T00:00:00Z"})";
  const auto refused = site.second(kApply);
  CHECK(refused.exit_code == 1);
  CHECK(sim::contains(refused.err, "ann@laptop runs `apply` since 2026-01-01T00:00:00Z"));
  CHECK(sim::contains(refused.err, "pveplan state unlock abc"));
  CHECK(site.keeper.lock_id() == "abc");
}

TEST_CASE("without a lock the second writer is refused before anything is made") {
  Site site;
  const auto unlocked = [](std::string topology) {
    const auto begin = topology.find(", lock_address");
    topology.erase(begin, topology.find(" }", begin) - begin);
    return topology;
  };
  site.write(unlocked(kPools));
  site.keeper.asks_for_id = false;
  must_be_done(site.first(kApply));
  site.write(unlocked(kPools) + "[pool.late]\n");
  // The other machine writes between this one's reading and its first create.
  bool meddled = false;
  Conditions conditions;
  conditions.on_output = [&](sim::SimHost&, const std::string& text) {
    if (meddled || !has(text, "started")) return;
    meddled = true;
    auto theirs = site.stored();
    ++theirs.serial;
    site.keeper.state = state::write_snapshot(theirs);
  };
  const auto refused = site.first(kApply, conditions);
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "State is not locked"));
  CHECK(sim::contains(refused.out + refused.err, "Somebody else wrote the state"));
  CHECK_FALSE(site.rig.lab.world().access.pools.contains("late"));
  CHECK(site.stored().rows.size() == 3);
}

TEST_CASE("pools survive a stop at every boundary, and the same machine goes on") {
  stop_everywhere(kPools, Who::same_machine);
}
TEST_CASE("pools survive a stop at every boundary, and another machine goes on") {
  stop_everywhere(kPools, Who::another_machine);
}
TEST_CASE("guests survive a stop at every boundary, and the same machine goes on from the server") {
  stop_everywhere(kGuests, Who::same_machine);
}
TEST_CASE("guests survive a stop at every boundary, and another machine goes on from the server") {
  stop_everywhere(kGuests, Who::another_machine);
}

TEST_CASE("a push that fails at the end loses nothing, and the next run sends it") {
  Site site;
  site.write(kPools);
  must_be_done(site.first(kApply));
  site.write(
      kHead +
      "[pool.team]\ncomment = \"two\"\n[pool.other]\nid = \"second\"\n[record.y]\ninput = 1\n");
  std::size_t posts = 0;
  site.keeper.trouble = [&posts](const async::HttpRequest& request) {
    return request.method == "POST" && ++posts > 1 ? 500 : 0;
  };
  const auto failed = site.first(kApply);
  INFO(failed.out << failed.err);
  CHECK(failed.exit_code != 0);
  CHECK(sim::contains(failed.out + failed.err,
                      "Nothing is lost: '.pveplan/t/state.json' holds everything"));
  CHECK(site.keeper.lock);
  const auto blocked = site.second(kApply);
  CHECK(has(blocked.err, "State is locked"));
  site.keeper.trouble = nullptr;
  must_be_done(site.first(kApply));
  CHECK_FALSE(site.keeper.lock);
  CHECK(site.stored().open_intents.empty());
  const auto plan = site.second({"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
}

TEST_CASE("answers that get lost and servers that stumble change nothing") {
  for (const auto* method : {"LOCK", "POST", "UNLOCK", "GET"}) {
    for (const bool stumbles : {false, true}) {
      Site site;
      site.write(kPools);
      bool done = false;
      site.keeper.fate = [&](const async::HttpRequest& request) {
        if (stumbles || done || request.method != method) return sim::Fate::deliver;
        done = true;
        return sim::Fate::lose_after_effect;
      };
      site.keeper.trouble = [&](const async::HttpRequest& request) {
        if (!stumbles || done || request.method != method) return 0;
        done = true;
        return 503;
      };
      INFO(method << (stumbles ? " answered 503" : " lost"));
      const auto ended = site.first(kApply);
      must_be_done(ended);
      CHECK(done);
      CHECK_FALSE(site.keeper.lock);
      CHECK(site.stored().rows.size() == 3);
      CHECK(site.keeper.complaints == std::vector<std::string>());
    }
  }
}

TEST_CASE("a state that changes during a long run is sent every 20 seconds") {
  Site site;
  site.write(kHead + "[record.a]\ninput = 1\n[pool.slow]\nafter = [\"record.a\"]\n");
  lab::Fault slow;
  slow.kind = lab::FaultKind::delay;
  slow.method = "POST";
  slow.path = "/pools";
  slow.delay = std::chrono::seconds(50);
  site.rig.lab.world().faults.push_back(slow);
  must_be_done(site.first(kApply));
  CHECK(site.keeper.writes == 2);
}

TEST_CASE("a run that was stopped at the prompt gives its lock back by the next one") {
  Site site;
  site.write(kPools);
  Conditions conditions;
  conditions.prepare = [](sim::SimHost& host) {
    host.environment.terminal_input = true;
    host.signals.send_at(SIGINT, host.world.clock.now() + std::chrono::seconds(5));
    host.input.type("yes", std::chrono::seconds(60));
  };
  const auto stopped = site.first({"apply"}, conditions);
  CHECK(stopped.stopped);
  CHECK(site.keeper.lock);
  must_be_done(site.first(kApply));
  CHECK_FALSE(site.keeper.lock);
}

TEST_CASE("waiting for a lock ends when it is given back, or when the time is over") {
  Site site;
  site.write(kPools);
  site.keeper.lock = R"({"ID":"abc","Who":"ann@laptop","Operation":"apply","Created":"x"})";
  auto patient = kApply;
  patient.insert(patient.end(), {"--lock-timeout", "1m"});
  int locks = 0;
  site.keeper.trouble = [&](const async::HttpRequest& request) {
    if (request.method == "LOCK" && ++locks == 3) site.keeper.lock.reset();
    return 0;
  };
  const auto waited = site.first(patient);
  must_be_done(waited);
  CHECK(sim::contains(waited.err, "Waiting up to 1m for the lock."));
  CHECK(locks == 3);
  site.keeper.trouble = nullptr;
  site.keeper.lock = R"({"ID":"abc","Who":"ann@laptop","Operation":"apply","Created":"x"})";
  const auto refused = site.first(patient);
  CHECK(refused.exit_code == 1);
  CHECK(has(refused.err, "State is locked"));
}
