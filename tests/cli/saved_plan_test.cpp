// Saved plans through whole commands in a simulated world.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::Conditions;
using sim::contains;
using sim::Ended;
using sim::Rig;

namespace {

const std::string kPlanFile = "/home/tester/topology/plan.json";

std::string records(const std::string& more = "") {
  return "[pveplan]\nname = \"t\"\n[record.a]\ninput = 1\n" + more;
}

std::string pools(const std::string& comment, const std::string& more = "") {
  return "[pveplan]\nname = \"t\"\n" + Rig::connection() + "[pool.team]\ncomment = \"" + comment +
         "\"\n" + more;
}

bool says(const Ended& ended, const std::string& text) {
  return (ended.out + ended.err).find(text) != std::string::npos;
}

void expect(const Ended& ended, int code, const std::string& text) {
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == code);
  CHECK(says(ended, text));
}

/// A rig with a pool that exists, and a saved plan that changes its comment.
struct ChangedPool {
  Rig rig{1};
  ChangedPool() {
    rig.write_topology(pools("one"));
    expect(rig.run({"apply", "--auto-approve"}), 0, "Apply complete");
    rig.write_topology(pools("two"));
    expect(rig.run({"plan", "-o", "plan.json"}), 0, "pveplan apply plan.json");
  }
  std::string comment() { return rig.lab.world().access.pools.at("team").comment; }
};

}  // namespace

TEST_CASE("a saved plan is applied without a question, once") {
  ChangedPool changed;
  expect(changed.rig.run({"apply", "plan.json"}), 0, "Apply complete: 0 added, 1 changed");
  CHECK(changed.comment() == "two");
  expect(changed.rig.run({"apply", "plan.json"}), 1, "at serial");
  expect(changed.rig.run({"plan", "--detailed-exitcode"}), 0, "No changes");
}

TEST_CASE("two first plans cannot both be applied") {
  Rig rig(1);
  rig.write_topology(records());
  expect(rig.run({"plan", "-o", "plan.json"}), 0, "1 to add");
  expect(rig.run({"plan", "-o", "second.json"}), 0, "1 to add");
  expect(rig.run({"apply", "plan.json"}), 0, "Apply complete");
  expect(rig.run({"apply", "second.json"}), 1, "there was no state");
}

TEST_CASE("a plan for another state says so") {
  Rig rig(1), other(2);
  for (auto* each : {&rig, &other}) {
    each->write_topology(records());
    expect(each->run({"apply", "--auto-approve"}), 0, "Apply complete");
  }
  rig.write_topology(records("[record.b]\ninput = 2\n"));
  other.write_topology(records("[record.b]\ninput = 2\n"));
  expect(rig.run({"plan", "-o", "plan.json"}), 0, "1 to add");
  other.world.disk.place(kPlanFile, *rig.world.disk.content(kPlanFile));
  expect(other.run({"apply", "plan.json"}), 1, "lineage");
}

TEST_CASE("an object that was changed after the plan stops the whole plan") {
  ChangedPool changed;
  changed.rig.lab.world().access.pools.at("team").comment = "by hand";
  const auto apply = changed.rig.run({"apply", "plan.json"});
  expect(apply, 1, "pool.team was changed by somebody else");
  CHECK(changed.comment() == "by hand");
  expect(changed.rig.run({"apply", "--auto-approve"}), 0, "Apply complete");
  CHECK(changed.comment() == "two");
}

TEST_CASE("an object that is gone, or is there already, stops the plan") {
  ChangedPool changed;
  changed.rig.lab.world().access.pools.erase("team");
  expect(changed.rig.run({"apply", "plan.json"}), 1, "pool.team is gone");
  Rig rig(1);
  rig.write_topology(pools("one"));
  expect(rig.run({"plan", "-o", "plan.json"}), 0, "1 to add");
  rig.lab.world().access.pools["team"].comment = "somebody else's";
  expect(rig.run({"apply", "plan.json"}), 1, "pool.team exists now");
  CHECK(rig.lab.world().access.pools.at("team").comment == "somebody else's");
}

TEST_CASE("a plan is for one cluster") {
  ChangedPool changed;
  Rig other(3);
  for (const std::string folder : {"/home/tester/topology", "/home/tester/topology/.pveplan/t"}) {
    for (const auto& name : changed.rig.world.disk.list(folder)) {
      const auto content = changed.rig.world.disk.content(folder + "/" + name);
      if (content) other.world.disk.place(folder + "/" + name, *content);
    }
  }
  expect(other.run({"apply", "plan.json"}), 1, "Plan of another cluster");
}

TEST_CASE("a plan does not outlive the topology that it was made from") {
  Rig rig(1);
  const std::string text =
      records("[variable.env]\ndefault = \"x\"\n[record.b]\ninput = \"${var.env}\"\n");
  rig.write_topology(text);
  expect(rig.run({"plan", "--var", "env=prod", "-o", "plan.json"}), 0, "2 to add");
  expect(rig.run({"apply", "plan.json"}), 1, "was \"prod\" (--var) and is \"x\" (default).");
  rig.write_topology(text + "[record.c]\ninput = 1\n");
  expect(rig.run({"apply", "--var", "env=prod", "plan.json"}), 1, "topology says something else");
  // The same resources in another order and spelling are the same topology.
  rig.write_topology(
      "[record.b]\ninput = \"${var.env}\"\n[pveplan]\nname = \"t\"\n[variable.env]\ndefault = "
      "\"x\"\n"
      "# a remark\n[record.a]\ninput = 0x1\n");
  expect(rig.run({"apply", "--var", "env=prod", "plan.json"}), 0, "Apply complete: 2 added");
}

TEST_CASE("a saved plan of a destroy is applied like any other") {
  Rig rig(1);
  rig.write_topology(records());
  expect(rig.run({"apply", "--auto-approve"}), 0, "Apply complete");
  expect(rig.run({"plan", "--destroy", "-o", "plan.json"}), 0, "1 to destroy");
  expect(rig.run({"apply", "plan.json"}), 0, "Destroy complete");
  CHECK(rig.run({"state", "list"}).out.empty());
}

TEST_CASE("secrets stay out of plan files and come back from the topology") {
  Rig rig(1);
  const auto text = [](const std::string& secret) {
    return records("[variable.pw]\ndefault = \"" + secret +
                   "\"\nsensitive = true\n[record.b]\ninput = { pw = \"${var.pw}\" }\n");
  };
  rig.write_topology(text("hunter2"));
  const auto plan = rig.run({"plan", "-o", "plan.json"});
  expect(plan, 0, "(secret)");
  CHECK_FALSE(says(plan, "hunter2"));
  CHECK(rig.world.disk.content(kPlanFile)->find("hunter2") == std::string::npos);
  expect(rig.run({"show", "plan.json"}), 0, "(secret)");
  rig.write_topology(text("other"));
  expect(rig.run({"apply", "plan.json"}), 1, "Secret changed since the plan was made");
  rig.write_topology(text("hunter2"));
  expect(rig.run({"apply", "plan.json"}), 0, "Apply complete");
}

TEST_CASE("secrets that are put together with what other resources export come back as well") {
  Rig rig(1);
  const auto topology = [](const std::string& host, const std::string& scheme) {
    return "[pveplan]\nname = \"t\"\n"
           "[variable.token]\nsensitive = true\ndefault = \"marked-secret\"\n"
           "[record.a]\ninput = \"" +
           host +
           "\"\n"
           "[record.b]\ninput = \"" +
           scheme +
           "://u:${var.token}@${record.a.output}\"\n"
           "[record.c]\ninput = \"${record.b.output}/path\"\n"
           "[output.url]\nvalue = \"${var.token} at ${record.a.output}\"\n";
  };
  // Of new resources, of what the state knows already, and of both.
  for (const auto& text :
       {topology("one", "http"), topology("one", "https"), topology("two", "https")}) {
    rig.write_topology(text);
    const auto plan = rig.run({"plan", "-o", "p.json"});
    INFO(plan.err);
    REQUIRE(plan.exit_code == 0);
    const auto apply = rig.run({"apply", "p.json"});
    INFO(apply.out << apply.err);
    CHECK(apply.exit_code == 0);
    CHECK_FALSE(contains(plan.out + apply.out, "marked-secret"));
    CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
  }
  CHECK(contains(rig.run({"output", "url"}).out, "marked-secret at two"));
}

TEST_CASE("show prints the same plan that was reviewed") {
  ChangedPool changed;
  const auto plan = changed.rig.run({"plan"});
  const auto shown = changed.rig.run({"show", "plan.json"});
  INFO(shown.out);
  CHECK(shown.out.ends_with(plan.out));
}

TEST_CASE("files that are no plans are refused before anything is locked") {
  Rig rig(1);
  rig.write_topology(records());
  expect(rig.run({"apply", "nothing.json"}), 1, "No such plan file");
  rig.world.disk.place(kPlanFile, "{\"format\":");
  expect(rig.run({"apply", "plan.json"}), 1, "Not a saved plan");
  expect(rig.run({"show", "plan.json"}), 1, "Not a saved plan");
  CHECK(rig.run({"state", "list"}).out.empty());
}

TEST_CASE("a stop while a plan is saved leaves the old file or the new one") {
  const auto boundaries = ChangedPool().rig.run({"plan", "-o", "plan.json"}).boundaries;
  REQUIRE(boundaries > 3);
  for (std::uint64_t boundary = 0; boundary < boundaries; ++boundary) {
    ChangedPool changed;
    Conditions conditions;
    conditions.stop_before = boundary;
    const auto stopped = changed.rig.run({"plan", "-o", "plan.json"}, conditions);
    if (!stopped.stopped) continue;
    CHECK(stopped.late_calls.empty());
    changed.rig.world.crash();
    INFO(boundary);
    expect(changed.rig.run({"apply", "plan.json"}), 0, "Apply complete");
  }
}

TEST_CASE("work that an earlier run left open is settled first and makes the plan stale") {
  for (std::uint64_t boundary = 0; boundary < 200; ++boundary) {
    ChangedPool changed;
    Conditions conditions;
    conditions.stop_before = boundary;
    const auto stopped = changed.rig.run({"apply", "plan.json"}, conditions);
    if (!stopped.stopped) return;
    changed.rig.world.crash();
    INFO(boundary);
    // Whatever was on its way: the same plan is either applied now or refused, and nothing is lost.
    const auto again = changed.rig.run({"apply", "plan.json"});
    INFO(again.out << again.err);
    CHECK((again.exit_code == 0 || says(again, "Plan is stale") ||
           says(again, "was changed by somebody else")));
    expect(changed.rig.run({"apply", "--auto-approve"}), 0, "");
    CHECK(changed.comment() == "two");
    expect(changed.rig.run({"plan", "--detailed-exitcode"}), 0, "No changes");
  }
  FAIL("the run never came to its end");
}

namespace {

std::string machine(int cores, const std::string& about) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() +
         "[vm.web]\nmemory = \"1GiB\"\nrestart = \"now\"\ncores = " + std::to_string(cores) +
         "\ndescription = \"" + about +
         "\"\ndisk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n";
}

}  // namespace

TEST_CASE("a plan that hurts a guest is also bound to its run state, lock and volumes") {
  Rig rig(2);
  rig.write_topology(machine(2, "one"));
  expect(rig.run({"apply", "--auto-approve"}), 0, "Apply complete");
  auto& guest = rig.lab.world().guests.begin()->second;
  const auto options = guest.options;
  rig.write_topology(machine(4, "one"));
  expect(rig.run({"plan", "-o", "plan.json"}), 0, "1 restart");
  guest.options["protection"] = "1";
  expect(rig.run({"apply", "plan.json"}), 1, "vm.web was changed by somebody else");
  guest.options = options;
  // A plan that hurts nobody does not look at these.
  rig.write_topology(machine(2, "two"));
  expect(rig.run({"plan", "-o", "plan.json"}), 0, "1 to change");
  guest.options["protection"] = "1";
  expect(rig.run({"apply", "plan.json"}), 0, "Apply complete");
  rig.write_topology(machine(4, "two"));
  expect(rig.run({"plan", "-o", "plan.json"}), 0, "1 restart");
  expect(rig.run({"apply", "plan.json"}), 0, "Apply complete: 0 added, 1 changed");
  expect(rig.run({"plan", "--detailed-exitcode"}), 0, "No changes");
}
