// What an apply says of what it did, and what to do next.

#include "engine/view/account_text.hpp"
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <csignal>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-209\"]\n" + Rig::connection();
const std::string kTemplate =
    "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nnodes = [\"pve\"]\n";
const std::string kGuest = "[vm.a]\nmemory = \"512MiB\"\n";

sim::Ended applied(Rig& rig, const std::string& text, const sim::Conditions& conditions = {}) {
  rig.write_topology(kHead + text);
  return rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"}, conditions);
}

lab::Fault failing(const std::string& method, const std::string& path, int status,
                   const std::string& message) {
  lab::Fault fault;
  fault.kind = status == 500 ? lab::FaultKind::failure : lab::FaultKind::status;
  fault.method = method;
  fault.path = path;
  fault.status = status;
  fault.times = 1000;
  fault.text = message;
  return fault;
}

std::size_t count(const Rig& rig, const std::string& start) {
  const auto all = rig.requests();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(),
                    [&start](const std::string& each) { return each.starts_with(start); }));
}

}  // namespace

TEST_CASE("a guest whose first steps were done is told as partly done, not as not started") {
  Rig rig(1);
  REQUIRE(applied(rig, kTemplate).exit_code == 0);
  sim::Conditions conditions;
  bool sent = false;
  conditions.on_output = [&sent](sim::SimHost& host, const std::string& text) {
    if (!sent && contains(text, "clone debian")) host.signals.send(SIGINT);
    sent = sent || contains(text, "clone debian");
  };
  const auto stopped = applied(rig, kTemplate + "[vm.a]\ntemplate = \"debian\"\n", conditions);
  INFO(stopped.out << stopped.err);
  CHECK(stopped.exit_code == 130);
  CHECK(contains(stopped.out, "not started 0, partly done 1"));
  CHECK(contains(stopped.out, "partly vm.a 1 of 3 steps done"));
  CHECK(contains(stopped.out, "run pveplan apply again to go on"));
  CHECK(applied(rig, kTemplate + "[vm.a]\ntemplate = \"debian\"\n").exit_code == 0);
}

TEST_CASE("repeating is advised only where it can help") {
  Rig rig(1);
  rig.lab.world().faults.push_back(failing("POST", "/pools", 403, "Permission check failed"));
  const auto lasting = applied(rig, "[pool.p]\n[record.r]\nafter = [\"pool.p\"]\ninput = 1\n");
  INFO(lasting.out << lasting.err);
  CHECK(lasting.exit_code == 1);
  CHECK_FALSE(contains(lasting.out, "again to go on"));
  CHECK(contains(lasting.out, "Repeating alone does not help: see to what stopped pool.p first"));

  rig.lab.world().faults = {failing("POST", "/pools", 500, "cfs-lock 'x' error: got timeout")};
  const auto passing = applied(rig, "[pool.p]\n");
  INFO(passing.out << passing.err);
  CHECK(passing.exit_code == 1);
  CHECK(contains(passing.out, "run pveplan apply again to go on"));
}

TEST_CASE("a saved plan whose number somebody took names the number and the other guest") {
  Rig rig(1);
  rig.write_topology(kHead + kGuest);
  REQUIRE(rig.run({"plan", "-o", "p.json"}).exit_code == 0);
  auto& other = rig.lab.world().guests[200];
  other.node = "pve";
  other.options["name"] = "intruder";
  rig.world.clock.pass(std::chrono::minutes(2));
  const auto refused = rig.run({"apply", "p.json"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err,
                 "vm.a cannot get the number 200, which the guest \"intruder\" on pve has now"));
}

TEST_CASE("a clone that takes longer than timeouts.create is left running and found again") {
  Rig rig(GENERATE(1, 2));
  REQUIRE(applied(rig, kTemplate).exit_code == 0);
  const auto text = kTemplate + "[vm.a]\ntemplate = \"debian\"\ntimeouts.create = \"1s\"\n";
  const auto late = applied(rig, text);
  INFO(late.out << late.err);
  CHECK(late.exit_code == 1);
  CHECK(contains(late.out, "timeouts.create (1s) of vm.a is over, and the task UPID:pve:"));
  CHECK(contains(late.out, "still runs on the server"));
  CHECK(contains(late.out, "outcome unknown 1"));
  const auto longer = kTemplate + "[vm.a]\ntemplate = \"debian\"\ntimeouts.create = \"30m\"\n";
  const auto again = applied(rig, longer);
  INFO(again.out << again.err);
  CHECK(again.exit_code == 0);
  CHECK(count(rig, "POST /api2/json/nodes/pve/qemu/200/clone") +
            count(rig, "POST /api2/json/nodes/pve/qemu/201/clone") ==
        1);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("templates and images have timeouts of their own, and a destroy has one too") {
  Rig rig(1);
  const std::string slow =
      "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\ntimeouts.create = \"1s\"\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
  rig.lab.world().storage.mirror.begin()->second.size = 1'000'000'000;
  const auto late = applied(rig, slow);
  INFO(late.out << late.err);
  CHECK(contains(late.out, "timeouts.create (1s) of image.debian[pve] is over"));
  CHECK(applied(rig, slow).exit_code == 0);
  CHECK(count(rig, "POST /api2/json/nodes/pve/storage/local/download-url") == 1);
}

TEST_CASE(
    "after a destroy that was not finished, the account advises to destroy and not to apply") {
  engine::ResourceResult failed;
  failed.address = {"pool", "a", {}, {}};
  failed.status = engine::ResourceResult::Status::failed;
  for (const bool may_pass : {true, false}) {
    failed.may_pass = may_pass;
    engine::RunAccount account;
    account.results = {failed};
    model::Plan plan;
    plan.mode = model::PlanMode::destroy;
    const auto text = view::account_text(account, plan, "Destroy");
    INFO(text);
    CHECK(sim::contains(text, "run pveplan destroy again"));
    CHECK_FALSE(sim::contains(text, "pveplan apply"));
  }
}
