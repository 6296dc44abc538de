// What a terminal, a pipe and an impatient person get, in a simulated world.

#include "engine/view/text.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <csignal>
#include <sstream>

using namespace pveplan;
using sim::Conditions;
using sim::Ended;
using sim::Rig;
using sim::SimHost;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n";

Conditions with(std::function<void(SimHost&)> prepare) {
  Conditions conditions;
  conditions.prepare = std::move(prepare);
  return conditions;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Signals that come as soon as apply listens, each after the time of the one before.
Conditions interrupted(int count) {
  return with([count](SimHost& host) {
    for (int i = 0; i < count; ++i)
      host.signals.send_at(SIGINT, host.world.clock.now() + std::chrono::seconds(5 + i));
  });
}

}  // namespace

TEST_CASE("colour is for terminals, and NO_COLOR and --no-color switch it off") {
  Rig rig(1);
  rig.write_topology(kHead + "[record.a]\ninput = 1\n");
  const auto terminal = [](SimHost& host) { host.environment.terminal_output = true; };
  const auto plain = rig.run({"plan"});
  CHECK_FALSE(has(plain.out, "\x1b["));
  const auto coloured = rig.run({"plan"}, with(terminal));
  CHECK(has(coloured.out, "\x1b[32m"));
  CHECK(rig.run({"plan", "--no-color"}, with(terminal)).out == plain.out);
  const auto no_colour = [&](const std::string& value) {
    return with([&terminal, value](SimHost& host) {
      terminal(host);
      host.environment.variables["NO_COLOR"] = value;
    });
  };
  CHECK(rig.run({"plan"}, no_colour("1")).out == plain.out);
  CHECK(rig.run({"plan"}, no_colour("")).out == coloured.out);
}

TEST_CASE("plans of usual names fit 80 columns, and longer values wrap without being cut") {
  Rig rig(1);
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += fmt::format("word{} ", i);
  rig.write_topology(kHead + Rig::connection() + "[pool.team]\ncomment = \"" + long_text +
                     "end\"\n"
                     "[record.a_name_of_some_length]\ninput = { a = \"" +
                     long_text + "end\", size = 1234567 }\n[record.list]\ninput = [" +
                     "\"one\", \"two\", \"three\", \"four\", \"five\", \"six\", \"seven\", "
                     "\"eight\", \"nine\", \"ten\", \"eleven\"]\n");
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  REQUIRE(plan.exit_code == 0);
  std::istringstream lines(plan.out);
  for (std::string line; std::getline(lines, line);) CHECK(view::columns(line) <= 80);
  CHECK(has(plan.out, "word59"));
}

TEST_CASE("a token without rights is told that it may not read the cluster's name") {
  Rig rig(1);
  const auto topology = kHead + Rig::connection() + "[record.a]\ninput = 1\n";
  rig.write_topology(topology);
  auto& token = rig.lab.world().access.users.at("root@pam").tokens.at("sim");
  token.privilege_separation = true;
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK(plan.out.starts_with("t on the cluster at https://pve:8006 (1 of 1 nodes online, "));
  CHECK(has(plan.out, "may not read its name"));
  CHECK(has(plan.out, "Sys.Audit on /"));
  CHECK_FALSE(has(plan.out, "cluster \"\""));
  token.privilege_separation = false;
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  token.privilege_separation = true;  // the name was learned meanwhile
  CHECK(rig.run({"plan"}).out.starts_with("t on cluster \"pve\" (1 of 1"));
}

TEST_CASE("Ctrl-C between records starts nothing new, and the next run goes on") {
  Rig rig(1);
  rig.write_topology(kHead + "[record.r]\ncount = 300\ninput = \"${each.key}\"\n");
  Conditions at_once;
  at_once.on_output = [](SimHost& host, const std::string& text) {
    if (has(text, "300 to add")) host.signals.send(SIGINT);
  };
  const auto stopped = rig.run({"apply", "--auto-approve"}, at_once);
  INFO(stopped.out << stopped.err);
  CHECK(stopped.exit_code == 130);
  CHECK(has(stopped.out, "Interrupted: nothing new is started"));
  CHECK(has(stopped.out, "run pveplan apply again to go on"));
  CHECK_FALSE(has(stopped.out, "Apply complete"));
  CHECK_FALSE(has(stopped.out, "not started 0"));
  CHECK_FALSE(has(stopped.out, "Done 0"));
  const auto again = rig.run({"apply", "--auto-approve"});
  CHECK(again.exit_code == 0);
  CHECK(has(rig.run({"plan", "--detailed-exitcode"}).out, "No changes"));
}

TEST_CASE("Ctrl-C once waits for what runs, twice leaves it running for the next run") {
  const auto topology = kHead + Rig::connection() +
                        "[pool.team]\n[record.after]\nafter = [\"pool.team\"]\ninput = 1\n";
  const auto delayed = [](Rig& rig) {
    lab::Fault slow;
    slow.kind = lab::FaultKind::delay;
    slow.method = "POST";
    slow.path = "/pools";
    slow.delay = std::chrono::seconds(20);
    rig.lab.world().faults.push_back(slow);
  };
  Rig once(1);
  delayed(once);
  once.write_topology(topology);
  const auto waited = once.run({"apply", "--auto-approve"}, interrupted(1));
  INFO(waited.out << waited.err);
  CHECK(waited.exit_code == 130);
  CHECK(has(waited.out, "waiting for 1 running step"));
  CHECK(has(waited.out, "Done 1, failed 0, skipped 0, not started 1"));
  Rig twice(1);
  delayed(twice);
  twice.write_topology(topology);
  const auto left = twice.run({"apply", "--auto-approve"}, interrupted(2));
  INFO(left.out << left.err);
  CHECK(left.exit_code == 130);
  CHECK(has(left.out, "not started 1, outcome unknown 1"));
  CHECK(has(left.out, "The next run looks after it"));
  for (auto* rig : {&once, &twice}) {
    const auto again = rig->run({"apply", "--auto-approve"});
    INFO(again.out << again.err);
    CHECK(again.exit_code == 0);
    CHECK(rig->lab.world().access.pools.size() == 1);
    CHECK(has(rig->run({"plan", "--detailed-exitcode"}).out, "No changes"));
  }
}
