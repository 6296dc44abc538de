// The server falls silent in the middle of an apply.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using sim::Fate;
using sim::Rig;

namespace {

/// A download, and pools that have nothing to do with it.
std::string topology() {
  auto text = "[pveplan]\nname = \"t\"\n" + Rig::connection() +
              "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
              "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("[pool.team{}]\n", i);
  return text;
}

/// Cuts the cable once the download has been accepted.
class CutCable final : public sim::SimFaults {
 public:
  Fate fate(const async::HttpRequest& request) override {
    if (cut_) return Fate::refuse;
    cut_ = request.url.find("/download-url") != std::string::npos;
    return Fate::deliver;
  }
  sim::Duration latency(const async::HttpRequest&) override { return std::chrono::milliseconds(1); }

 private:
  bool cut_ = false;
};

/// Nothing can be reached for a while; `patience` passes until that is known.
class Outage final : public sim::SimFaults {
 public:
  Outage(const Rig& rig, std::chrono::seconds length, std::chrono::milliseconds patience)
      : rig_(rig), end_(rig.world.clock.now() + length), patience_(patience) {}
  Fate fate(const async::HttpRequest&) override { return over() ? Fate::deliver : Fate::refuse; }
  sim::Duration latency(const async::HttpRequest&) override {
    return over() ? sim::Duration(std::chrono::milliseconds(1)) : patience_;
  }

 private:
  bool over() const { return rig_.world.clock.now() >= end_; }

  const Rig& rig_;
  sim::Time end_;
  sim::Duration patience_;
};

/// Takes every request and answers none.
class Deaf final : public sim::SimFaults {
 public:
  Fate fate(const async::HttpRequest&) override { return Fate::deliver; }
  sim::Duration latency(const async::HttpRequest&) override { return std::chrono::hours(1); }
};

std::string clock_text(const Rig& rig, std::chrono::milliseconds from_now) {
  const auto time = std::chrono::system_clock::to_time_t(rig.world.clock.wall() + from_now);
  return fmt::format("{:%H:%M:%S} UTC", fmt::gmtime(time));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a server that falls silent is told, given up once, and looked after by the next apply") {
  Rig rig(1);
  rig.write_topology(topology());
  CutCable cable;
  rig.world.network.set_faults(&cable);
  const auto before = rig.world.clock.now();
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  CHECK((ended.exit_code == 3 || ended.exit_code == 1));
  CHECK(rig.world.clock.now() - before < std::chrono::minutes(6));
  CHECK(has(ended.out, "The server did not answer for 5"));
  CHECK(has(ended.out, "https://pve:8006"));
  CHECK(has(ended.out, "outcome unknown 1"));
  CHECK_FALSE(has(ended.out, "failed 0"));
  CHECK(has(ended.out, "What was sent is recorded"));
  const auto still = ended.out.find("still running");
  REQUIRE(still != std::string::npos);
  CHECK(has(ended.out.substr(still), "The server did not answer for "));

  rig.world.network.set_faults(nullptr);
  const auto again = rig.run({"apply", "--auto-approve"});
  INFO(again.out << again.err);
  CHECK(again.exit_code == 0);
  const auto requests = rig.requests();
  CHECK(std::count(requests.begin(), requests.end(),
                   "POST /api2/json/nodes/pve/storage/local/download-url") == 1);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("a server that cannot be reached is named within seconds, with the end of the attempts") {
  Rig rig(1);
  rig.write_topology(topology());
  Outage outage(rig, std::chrono::hours(1), std::chrono::seconds(20));
  rig.world.network.set_faults(&outage);
  const auto first = clock_text(rig, std::chrono::seconds(60));
  // Four rounds of 10 s and what lies between them: the silence has then lasted for 30 s.
  const auto next = clock_text(rig, std::chrono::milliseconds(43'500));
  const auto ended = rig.run({"plan"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(
      sim::contains(ended.err, "No answer from https://pve:8006 for 5 s: waiting until " + first));
  CHECK(sim::contains(ended.err,
                      "No answer from https://pve:8006 for 35 s (connection refused): asking again "
                      "until " +
                          next));
  const auto told = ended.err.find(" for 5 s"), again = ended.err.find(" for 35 s");
  const auto given_up = ended.err.find("error: Cannot reach Proxmox");
  REQUIRE(given_up != std::string::npos);
  CHECK(told < again);
  CHECK(again < given_up);
}

TEST_CASE("a server that is back says so, and the plan goes on") {
  Rig rig(1);
  rig.write_topology(topology());
  Outage outage(rig, std::chrono::seconds(15), std::chrono::seconds(20));
  rig.world.network.set_faults(&outage);
  const auto ended = rig.run({"plan"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 0);
  CHECK(sim::contains(ended.err, "No answer from https://pve:8006 for 5 s"));
  CHECK(sim::contains(ended.err, "https://pve:8006 answers again, after 2"));
  CHECK(has(ended.out, "61 to add"));
}

TEST_CASE("an outage of moments is not worth a word") {
  Rig rig(1);
  rig.write_topology(topology());
  Outage outage(rig, std::chrono::seconds(2), std::chrono::milliseconds(1));
  rig.world.network.set_faults(&outage);
  const auto ended = rig.run({"plan"});
  CHECK(ended.exit_code == 0);
  CHECK_FALSE(has(ended.err, "No answer from"));
}

TEST_CASE("a server that takes requests and answers none is told while an apply works") {
  Rig rig(1);
  rig.write_topology(topology());
  Deaf deaf;
  sim::Time cut{}, told{};
  sim::Conditions conditions;
  conditions.on_output = [&](sim::SimHost&, const std::string& text) {
    if (told == sim::Time() && has(text, "No answer from https://pve:8006 for 5 s: waiting until"))
      told = rig.world.clock.now();
    if (cut != sim::Time() || !has(text, "started")) return;
    cut = rig.world.clock.now();
    rig.world.network.set_faults(&deaf);
  };
  const auto ended = rig.run({"apply", "--auto-approve"}, conditions);
  INFO(ended.out << ended.err);
  REQUIRE(cut != sim::Time());
  REQUIRE(told != sim::Time());
  CHECK(told - cut < std::chrono::seconds(7));
}
