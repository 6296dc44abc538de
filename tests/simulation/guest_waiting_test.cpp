// What a running guest still has, or still is, until it is restarted.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

std::string pool_of(const std::string& last) {
  return "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20." + last +
         "\"]\n";
}

std::string guest(const std::string& name, const std::string& rest) {
  return fmt::format(
      "[vm.{}]\nmemory = \"512MiB\"\n"
      "disk.os = {{ storage = \"local-lvm\", size = \"1GiB\" }}\n{}\n",
      name, rest);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Long after everything that was started by it.
void let_time_pass(Rig& rig) { rig.let_time_pass(std::chrono::minutes(5)); }

void must_apply(Rig& rig, const std::string& text, const std::vector<std::string>& more = {}) {
  rig.write_topology(kHead + text);
  std::vector<std::string> words = {"apply", "--auto-approve"};
  words.insert(words.end(), more.begin(), more.end());
  const auto ended = rig.run(words);
  INFO(text << "\n" << ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  let_time_pass(rig);
}

std::string plan(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  const auto ended = rig.run({"plan"});
  return ended.out + ended.err;
}

}  // namespace

TEST_CASE("a new MAC of a NIC with an address waits for a restart, as the plan announced") {
  const auto address =
      GENERATE(as<std::string>(), "ip = \"10.10.20.50/24\"", "ip = \"dhcp\"", "ip6 = \"auto\"");
  INFO(address);
  const auto with_mac = [&](const std::string& mac) {
    return guest("a", "nic.lan = { bridge = \"vmbr0\", mac = \"BC:24:11:00:00:0" + mac + "\", " +
                          address + " }\ncloud_init = { user = \"admin\" }");
  };
  Rig rig(1);
  must_apply(rig, with_mac("1"));
  CHECK(has(plan(rig, with_mac("2")), "cloud-init sees a new instance"));
  must_apply(rig, with_mac("2"));
  const auto waits = plan(rig, with_mac("2"));
  INFO(waits);
  CHECK(has(waits, "No changes"));
  CHECK(has(waits, "(cloud-init settings)"));
  must_apply(rig, with_mac("2"), {"--restart", "vm.a"});
  CHECK_FALSE(has(plan(rig, with_mac("2")), "wait"));
}

TEST_CASE("a NIC with an address that comes or goes restarts a guest that may be restarted") {
  const std::string settings = "restart = \"now\"\ncloud_init = { user = \"admin\" }\n";
  const std::string nic = "nic.lan = { bridge = \"vmbr0\", ip = \"10.10.20.50/24\" }\n";
  const auto without = guest("a", settings), with_nic = guest("a", settings + nic);
  Rig rig(1);
  must_apply(rig, without);
  for (const auto& text : {with_nic, without}) {
    CHECK(has(plan(rig, text), "RESTART"));
    must_apply(rig, text);
    const auto after = plan(rig, text);
    INFO(after);
    CHECK(has(after, "No changes"));
    CHECK_FALSE(has(after, "wait"));
  }
}

TEST_CASE("a gateway that is no longer stated stays, as the plan says") {
  const auto nic = [](const std::string& rest) {
    return guest("a", "nic.lan = { bridge = \"vmbr0\", ip = \"10.10.20.50/24\"" + rest + " }");
  };
  Rig rig(1);
  must_apply(rig, nic(", gateway = \"10.10.20.1\""));
  CHECK(has(plan(rig, nic("")), "stays 10.10.20.1"));
  must_apply(rig, nic(""));
  const auto& options = rig.lab.world().guests.at(200).options;
  CHECK(has(options.at("ipconfig0"), "gw=10.10.20.1"));
  CHECK_FALSE(has(plan(rig, nic("")), "wait"));
}

TEST_CASE("a new MAC of a NIC without an address concerns nobody but the link") {
  const auto with_mac = [](const std::string& mac) {
    return guest("a", "nic.lan = { bridge = \"vmbr0\", mac = \"BC:24:11:00:00:0" + mac + "\" }");
  };
  Rig rig(1);
  must_apply(rig, with_mac("1"));
  CHECK_FALSE(has(plan(rig, with_mac("2")), "new instance"));
  must_apply(rig, with_mac("2"));
  CHECK_FALSE(has(plan(rig, with_mac("2")), "wait"));
}

TEST_CASE("an address that a running guest still has is given to nobody until it is restarted") {
  const auto lan = [](const std::string& ip) {
    return "nic.lan = { bridge = \"vmbr0\", ip = \"" + ip + "\" }";
  };
  const auto leaves = GENERATE(as<std::string>(), "10.10.20.9/24", "dhcp", "");
  INFO(leaves);
  const auto moved = guest("a", leaves.empty() ? "" : lan(leaves));
  const auto fresh = guest("b", lan("pool:lan"));
  Rig rig(1);
  must_apply(rig, pool_of("51") + guest("a", lan("pool:lan")));
  must_apply(rig, pool_of("51") + moved);
  CHECK(has(plan(rig, pool_of("51") + moved + fresh), "10.10.20.51/24"));

  const auto exhausted = plan(rig, pool_of("50") + moved + fresh);
  INFO(exhausted);
  CHECK(has(exhausted, "No free address"));
  CHECK(has(exhausted, "10.10.20.50 is given up by vm.a"));
  CHECK(has(exhausted, "--restart vm.a"));

  must_apply(rig, pool_of("50") + moved, {"--restart", "vm.a"});
  CHECK(has(plan(rig, pool_of("50") + moved + fresh), "10.10.20.50/24"));
}

TEST_CASE("a guest that was stopped from outside holds no address") {
  const auto lan = [](const std::string& ip) {
    return "nic.lan = { bridge = \"vmbr0\", ip = \"" + ip + "\" }";
  };
  const auto moved = guest("a", lan("dhcp"));
  const auto both = pool_of("50") + moved + guest("b", lan("pool:lan"));
  Rig rig(1);
  must_apply(rig, pool_of("50") + guest("a", lan("pool:lan")));
  must_apply(rig, pool_of("50") + moved);
  CHECK(has(plan(rig, both), "No free address"));
  rig.lab.world().guests.at(200).process.reset();
  CHECK(has(plan(rig, both), "10.10.20.50/24"));
}
