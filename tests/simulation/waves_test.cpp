#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

std::string topology(const std::string& agent, int cores) {
  return fmt::format(
      "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n{}"
      "[image.debian]\nstorage = \"local\"\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
      "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nagent = {}\nvmid = 200\n"
      "[vm.w]\ncount = 3\ntemplate = \"debian\"\ncores = {}\nrestart = \"now\"\napart = \"db\"\n"
      "[vm.x]\ntemplate = \"debian\"\ncores = {}\nrestart = \"now\"\napart = \"db\"\n"
      "[vm.y]\ntemplate = \"debian\"\ncores = {}\nrestart = \"now\"\n",
      Rig::connection(), agent, cores, cores, cores);
}

void must_apply(Rig& rig, const std::string& text) {
  rig.write_topology(text);
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
}

/// The last word of the path of each such request since `from`, with the VMID: "201 reboot".
std::vector<std::string> guest_calls(const Rig& rig, std::size_t from) {
  std::vector<std::string> result;
  const auto requests = rig.requests();
  for (auto i = from; i < requests.size(); ++i) {
    const auto guest = requests[i].find("/qemu/");
    if (guest == std::string::npos) continue;
    const auto path = requests[i].substr(guest + 6);
    const auto word = path.substr(path.rfind('/') + 1);
    if (word == "reboot" || word == "info")
      result.push_back(path.substr(0, path.find('/')) + " " + word);
  }
  return result;
}

std::vector<std::string> reboots(const std::vector<std::string>& calls) {
  std::vector<std::string> result;
  for (const auto& call : calls) {
    if (call.ends_with(" reboot")) result.push_back(call.substr(0, 3));
  }
  return result;
}

}  // namespace

TEST_CASE("guests of a block or a label are restarted one at a time, each when the last answers") {
  Rig rig(1);
  must_apply(rig, topology("true", 2));
  rig.write_topology(topology("true", 4));
  const auto plan = rig.run({"plan"});
  INFO(plan.out);
  CHECK(contains(plan.out,
                 "one at a time: vm.w[1], vm.w[2], vm.w[3] and vm.x, each when the one before it "
                 "answers; when one does not shut down or answer, those after it are neither "
                 "changed nor restarted"));
  const auto before = rig.requests().size();
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  const auto calls = guest_calls(rig, before);
  auto order = reboots(calls);
  // vm.y, 205, has nothing in common with them.
  CHECK(std::erase(order, "205") == 1);
  CHECK(order == std::vector<std::string>{"201", "202", "203", "204"});
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto last = std::find(calls.begin(), calls.end(), order[i - 1] + " reboot");
    const auto next = std::find(last, calls.end(), order[i] + " reboot");
    CHECK(std::find(last, next, order[i - 1] + " info") != next);
  }
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("without an agent the next restart waits until the last guest has run for a while") {
  Rig rig(1);
  must_apply(rig, topology("false", 2));
  rig.write_topology(topology("false", 4));
  const auto begun = rig.world.clock.now();
  const auto before = rig.requests().size();
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  auto order = reboots(guest_calls(rig, before));
  std::erase(order, "205");
  CHECK(order == std::vector<std::string>{"201", "202", "203", "204"});
  CHECK(rig.world.clock.now() - begun >= 4 * std::chrono::seconds(30));
}

TEST_CASE("when a guest does not answer after its restart, the others stay up") {
  Rig rig(1);
  must_apply(rig, topology("true", 2));
  rig.write_topology(topology("true", 4));
  const auto before = rig.requests().size();
  sim::Conditions conditions;
  conditions.on_output = [&rig, before](sim::SimHost&, const std::string&) {
    const auto calls = guest_calls(rig, before);
    const auto first = std::find(calls.begin(), calls.end(), "201 reboot");
    if (first != calls.end()) rig.lab.world().systems.installed = false;
  };
  const auto ended = rig.run({"apply", "--auto-approve"}, conditions);
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.out + ended.err, "its agent has not answered for 5 minutes"));
  auto order = reboots(guest_calls(rig, before));
  std::erase(order, "205");
  CHECK(order == std::vector<std::string>{"201"});
}

TEST_CASE("a block that --restart names is restarted whole, as the plan advises") {
  Rig rig(1);
  const auto text = [](int cores) {
    auto result = topology("false", cores);
    for (auto at = result.find("restart = \"now\"\n"); at != std::string::npos;
         at = result.find("restart = \"now\"\n"))
      result.erase(at, 16);
    return result;
  };
  must_apply(rig, text(2));
  rig.write_topology(text(4));
  const auto advice = rig.run({"plan"});
  INFO(advice.out);
  CHECK(contains(
      advice.out,
      "not by this plan; to have it, plan again with --restart vm.w, now or after this apply"));
  const auto before = rig.requests().size();
  const auto ended = rig.run({"apply", "--auto-approve", "--restart", "vm.w"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 0);
  CHECK_FALSE(contains(ended.err + ended.out, "Matches nothing"));
  CHECK(reboots(guest_calls(rig, before)) == std::vector<std::string>{"201", "202", "203"});
}
