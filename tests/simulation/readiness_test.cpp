// `wait = ["agent"]`: a guest counts as made when its agent answers, and what needs it begins then.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

std::string topology(const std::string& more) {
  return kHead +
         "[vm.a]\nmemory = \"512MiB\"\nagent = true\nwait = [\"agent\"]\n"
         "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n" +
         more + "\n[record.after]\ninput = \"${vm.a.id}\"\n";
}

std::size_t count_requests(const Rig& rig, const std::string& end) {
  const auto all = rig.requests();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&end](const auto& each) { return each.ends_with(end); }));
}

}  // namespace

TEST_CASE("a new guest is done when its agent answers") {
  Rig rig(GENERATE(1, 2));
  rig.write_topology(topology(""));
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK(contains(plan.out, "steps create, start, wait up to 300 s for agent"));
  const auto begun = rig.world.clock.now();
  const auto made = rig.run({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == 0);
  CHECK(count_requests(rig, "/agent/info") > 1);
  CHECK(rig.world.clock.now() - begun >= std::chrono::seconds(12));
  const auto again = rig.run({"plan", "--detailed-exitcode"});
  INFO(again.out);
  CHECK(again.exit_code == 0);
}

TEST_CASE("a guest that does not answer in time stays up, is named, and is waited for again") {
  Rig rig(1);
  rig.lab.world().systems.installed = false;
  rig.write_topology(topology("wait_timeout = \"90s\""));
  const auto begun = rig.world.clock.now();
  const auto failed = rig.run({"apply", "--auto-approve"});
  INFO(failed.out << failed.err);
  CHECK(failed.exit_code == 1);
  CHECK(contains(failed.out, "The guest agent of 200 has not answered in 90 s"));
  CHECK(contains(failed.out, "QEMU guest agent is not running"));
  CHECK(contains(failed.out, "wait for agent (90 s, then error) started"));
  CHECK(contains(failed.out, "writes 2"));
  CHECK(rig.world.clock.now() - begun < std::chrono::minutes(3));
  CHECK(rig.lab.world().guests.at(200).running());
  CHECK(rig.run({"state", "list"}).out == "vm.a  (incomplete)\n");

  const auto next = rig.run({"plan"});
  CHECK(contains(next.out, "resumes: created, not finished"));
  CHECK(contains(next.out, "wait up to 90 s for agent"));
  CHECK_FALSE(contains(next.out, "steps start"));
  rig.lab.world().systems.installed = true;
  const auto starts = count_requests(rig, "/status/start");
  const auto finished = rig.run({"apply", "--auto-approve"});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == 0);
  CHECK(count_requests(rig, "/status/start") == starts);
  CHECK(rig.run({"state", "list"}).out == "record.after\nvm.a\n");
}

TEST_CASE("a guest that was stopped while it was waited for is started again") {
  Rig rig(1);
  rig.lab.world().systems.installed = false;
  rig.write_topology(topology("wait_timeout = \"30s\""));
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 1);
  rig.lab.world().guests.at(200).process.reset();
  rig.lab.world().systems.installed = true;
  rig.world.clock.pass(std::chrono::minutes(2));
  rig.lab.advance(rig.world.clock.now());
  const auto finished = rig.run({"apply", "--auto-approve"});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == 0);
  CHECK(rig.lab.world().guests.at(200).running());
}

TEST_CASE("a restart waits for the agent, too") {
  Rig rig(1);
  rig.write_topology(topology("cores = 1"));
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  rig.world.clock.pass(std::chrono::minutes(2));
  rig.lab.advance(rig.world.clock.now());
  rig.write_topology(topology("cores = 2\nrestart = \"now\""));
  const auto plan = rig.run({"plan"});
  INFO(plan.out);
  CHECK(contains(plan.out,
                 "steps configure, restart (shut down within 180 s, else error and left running), "
                 "wait up to 300 s for agent"));
  const auto done = rig.run({"apply", "--auto-approve"});
  INFO(done.out << done.err);
  CHECK(done.exit_code == 0);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("what nobody could wait for is told at once") {
  Rig rig(1);
  rig.write_topology(topology(""));
  lab::Fault refusal;
  refusal.kind = lab::FaultKind::status;
  refusal.method = "GET";
  refusal.path = "/nodes/pve/qemu/200/agent/info";
  refusal.status = 403;
  refusal.text = "Permission check failed (/vms/200, VM.GuestAgent.Audit)";
  rig.lab.world().faults.push_back(refusal);
  const auto failed = rig.run({"apply", "--auto-approve"});
  INFO(failed.out << failed.err);
  CHECK(contains(failed.out, "lacks VM.GuestAgent.Audit"));
  CHECK(count_requests(rig, "/agent/info") == 1);
}

TEST_CASE("waiting for what is off, or that nobody can reach, is an error of the text") {
  Rig rig(1);
  const auto errors = [&rig](const std::string& lines) {
    rig.write_topology(kHead +
                       "[vm.a]\nmemory = \"512MiB\"\n"
                       "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n" +
                       lines + "\n");
    const auto ended = rig.run({"validate"});
    return ended.exit_code == 0 ? std::string() : ended.out + ended.err;
  };
  CHECK(contains(errors("wait = [\"agent\"]"), "write agent = true"));
  CHECK(contains(errors("wait = [\"agent\"]\nagent = false"), "write agent = true"));
  CHECK(contains(errors("wait = [\"agent\"]\nagent = { enabled = false }"), "write agent = true"));
  CHECK(errors("wait = [\"agent\"]\nagent = { enabled = true }\nwait_timeout = \"10m\"").empty());
  CHECK(contains(errors("wait = [\"ip\"]"), "an address from the guest agent, which is off"));
  CHECK(errors("wait = [\"ip\", \"port:65535\"]\nagent = true").empty());
  CHECK(contains(errors("wait = [\"port:6443\"]"), "for a port at an address that nobody knows"));
  CHECK(contains(errors("wait = [\"port:0\"]\nagent = true"), "ports go from 1 to 65535"));
  CHECK(contains(errors("wait = [\"port:65536\"]\nagent = true"), "ports go from 1 to 65535"));
  CHECK(contains(errors("wait = [\"ssh\"]"), "an address that nobody knows"));
  CHECK(contains(errors("wait = [\"ssh\"]\nnic.lan = { bridge = \"vmbr0\", ip = \"dhcp\" }"),
                 "an address that nobody knows"));
  CHECK(errors("wait = [\"ssh\"]\nagent = true").empty());
  CHECK(
      errors("wait = [\"ssh\"]\nnic.lan = { bridge = \"vmbr0\", ip = \"10.10.20.9/24\" }").empty());
  CHECK(
      contains(errors("wait = [\"agnet\"]\nagent = true"), "is not \"agent\", \"ip\", \"ssh\" or"));
  CHECK(contains(errors("agent = true\nwait_timeout = 5"), "wait_timeout"));
}

namespace {

std::string with_wait(const std::string& wait, const std::string& ip) {
  return kHead + "[vm.a]\nmemory = \"512MiB\"\nagent = true\nwait = " + wait + "\n" +
         "wait_timeout = \"1m\"\nnic.lan = { bridge = \"vmbr0\", ip = \"" + ip + "\" }\n" +
         "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n";
}
std::string with_ssh(const std::string& ip) { return with_wait("[\"agent\", \"ssh\"]", ip); }

}  // namespace

TEST_CASE("SSH is waited for at the guest's address, stated or told by its agent") {
  const bool stated = GENERATE(true, false);
  Rig rig(1);
  rig.world.greetings[stated ? "10.10.20.50:22" : "10.10.10.150:22"] =
      "SSH-2.0-OpenSSH_9.2p1 Debian-2";
  rig.write_topology(with_ssh(stated ? "10.10.20.50/24" : "dhcp"));
  const auto plan = rig.run({"plan"});
  CHECK(contains(plan.out,
                 "steps create, start, wait up to 60 s for agent, wait up to 60 s for ssh"));
  const auto made = rig.run({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  CHECK(made.exit_code == 0);
}

TEST_CASE("a guest without SSH, or with another server on its port, is named with what was heard") {
  Rig rig(1);
  rig.write_topology(with_ssh("10.10.20.50/24"));
  const auto refused = rig.run({"apply", "--auto-approve"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out, "The SSH server of 200 has not answered in 60 s"));
  CHECK(contains(refused.out, "10.10.20.50:22: Connection refused"));
  rig.world.greetings["10.10.20.50:22"] = "220 mail.example.org ESMTP";
  CHECK(contains(rig.run({"apply", "--auto-approve"}).out, "is no SSH server"));
  rig.world.greetings["10.10.20.50:22"] = "SSH-2.0-dropbear";
  CHECK(rig.run({"apply", "--auto-approve"}).exit_code == 0);
}

TEST_CASE("a port is waited for, whatever listens there") {
  Rig rig(1);
  rig.write_topology(with_wait("[\"port:50000\"]", "10.10.20.50/24"));
  CHECK(contains(rig.run({"plan"}).out, "steps create, start, wait up to 60 s for port:50000"));
  const auto refused = rig.run({"apply", "--auto-approve"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out, "Nothing has accepted connections on port 50000 of 200 in 60 s"));
  CHECK(contains(refused.out, "10.10.20.50:50000: Connection refused"));
  rig.world.greetings["10.10.20.50:50000"] = "";  // accepts, and waits to be asked
  CHECK(rig.run({"apply", "--auto-approve"}).exit_code == 0);
}

TEST_CASE("an address is waited for until the agent tells it") {
  Rig rig(1);
  rig.write_topology(with_wait("[\"ip\"]", "dhcp"));
  CHECK(contains(rig.run({"plan"}).out, "steps create, start, wait up to 60 s for ip"));
  const auto made = rig.run({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  CHECK(made.exit_code == 0);
  CHECK(count_requests(rig, "/agent/network-get-interfaces") > 1);
}

TEST_CASE("an address that is stated must be the one that the agent tells") {
  Rig rig(1);
  rig.write_topology(with_wait("[\"ip\"]", "10.10.20.50/24"));
  sim::Conditions conditions;
  conditions.on_output = [&rig](sim::SimHost&, const std::string& text) {
    if (!contains(text, "wait for ip (60 s, then error) started")) return;
    rig.lab.world().guests.at(200).options["ipconfig0"] = "ip=dhcp";
  };
  const auto other = rig.run({"apply", "--auto-approve"}, conditions);
  INFO(other.out << other.err);
  CHECK(other.exit_code == 1);
  CHECK(contains(other.out, "200 has not told the address 10.10.20.50 in 60 s"));
  CHECK(contains(other.out, "its agent tells 10.10.10.150, not 10.10.20.50"));
}
