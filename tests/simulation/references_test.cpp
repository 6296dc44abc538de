// What a reference to another resource can name.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

sim::Ended run(Rig& rig, const std::string& text, const std::vector<std::string>& command) {
  rig.write_topology("[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection() + text);
  return rig.run(command);
}

std::string guest(const std::string& rest) { return "[vm.a]\nmemory = \"512MiB\"\n" + rest; }

std::string record(const std::string& input) {
  return "[record.r]\ninput = \"" + input + "\"\n[output.o]\nvalue = \"" + input + "\"\n";
}

}  // namespace

TEST_CASE("a reference to a value that its target never has refuses the plan") {
  Rig rig(1);
  const auto expect = [&](const std::string& text, const std::string& words) {
    const auto ended = run(rig, text, {"plan"});
    INFO(text << "\n" << ended.out << ended.err);
    CHECK(ended.exit_code == 1);
    CHECK(contains(ended.err, words));
  };
  const std::string dhcp = "nic.lan = { bridge = \"vmbr0\", ip = \"dhcp\" }\n";
  expect(guest("") + record("${vm.a.mac}"),
         "record.r refers to vm.a.mac, which has no value and gets none: vm.a has no nic. Declare "
         "one as vm.a.nic.NAME");
  expect(guest("") + record("${vm.a.ip}"), "vm.a has no nic");
  expect(guest(dhcp) + record("x ${vm.a.ip}"), "record.r refers to vm.a.ip, which has no value");
  expect(guest(dhcp) + record("${vm.a.cores}"), "vm.a states no such value");
  expect(guest("count = 2\n") + "[record.r]\ninput = \"${vm.a[*].mac}\"\n", "vm.a[1] has no nic");
  REQUIRE(run(rig, guest(""), {"apply", "--auto-approve"}).exit_code == 0);
  expect(guest("") + record("${vm.a.mac}"), "vm.a has no nic");
}

TEST_CASE("what a resource states can be referred to, as well as what is chosen for it") {
  Rig rig(1);
  const std::string nic = "nic.lan = { bridge = \"vmbr0\", ip = \"10.10.20.77/24\" }\n";
  const auto text = guest("cores = 2\n" + nic) +
                    record("${vm.a.name}: ${vm.a.cores} cores at ${vm.a.ip}, ${vm.a.nic.lan.ip}");
  const std::string said = "a: 2 cores at 10.10.20.77, 10.10.20.77/24";
  const auto plan = run(rig, text, {"plan"});
  INFO(plan.out << plan.err);
  CHECK(contains(plan.out, said));
  CHECK_FALSE(contains(plan.out, "known after apply"));
  REQUIRE(run(rig, text, {"apply", "--auto-approve"}).exit_code == 0);
  CHECK(run(rig, text, {"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(contains(rig.run({"output", "o"}).out, said));
}
