#include "tests/simulation/rig.hpp"
#include "tests/simulation/trouble.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <set>

using namespace pveplan;
using sim::Rig;
using sim::SimRandom;

namespace {

const std::string kHead =
    "[pveplan]\nname = \"t\"\nvmids = [\"200-249\"]\n" + Rig::connection() +
    "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20.99\"]\n"
    "gateway = \"10.10.20.1\"\n[pool.team]\n"
    "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nnodes = [\"pve\"]\n";

/// One of several values, or nothing.
std::string maybe(SimRandom& draws, const char* format, std::initializer_list<const char*> values) {
  const auto pick = draws.below(values.size() + 1);
  if (pick == values.size()) return {};
  return fmt::format(fmt::runtime(format), *(values.begin() + pick)) + "\n";
}

struct Wanted {
  std::string text;
  std::set<std::string> names;
};

std::string random_vm(SimRandom& draws, const std::string& name, Wanted& wanted) {
  const auto count = 1 + draws.below(2);
  for (std::uint64_t key = 1; key <= count; ++key)
    wanted.names.insert(fmt::format("{}-{}", name, key));
  auto text = fmt::format("[vm.{}]\ncount = {}\n", name, count);
  // What a guest was made from is for life, so it follows from the name.
  const auto kind = name.back() % 3;
  if (kind == 0) text += "template = \"debian\"\n";
  if (kind == 1) text += "template = \"debian\"\nclone = \"linked\"\n";
  if (kind == 2) text += "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n";
  text += maybe(draws, "cores = {}", {"1", "2", "4"});
  text += maybe(draws, "memory = \"{}\"", {"512MiB", "1GiB"});
  text += maybe(draws, "tags = [{}]", {"\"a\"", "\"a\", \"b\"", "\"c\""});
  text += maybe(draws, "description = \"{}\"", {"one", "two"});
  text += maybe(draws, "pool = \"{}\"", {"team"});
  text += maybe(draws, "onboot = {}", {"true", "false"});
  text += maybe(draws, "restart = \"{}\"", {"now", "never"});
  if (draws.one_in(2)) {
    text += "disk.data.storage = \"local-lvm\"\ndisk.data.size = \"1GiB\"\n";
    text += maybe(draws, "disk.data.discard = {}", {"true", "false"});
  }
  if (draws.one_in(2)) {
    text += "nic.lan.bridge = \"vmbr0\"\n";
    text += maybe(draws, "nic.lan.ip = \"{}\"", {"pool:lan", "dhcp"});
    text += maybe(draws, "nic.lan.vlan = {}", {"7", "8"});
  }
  if (kind != 2 && draws.one_in(2)) text += "cloud_init.user = \"admin\"\n";
  return text;
}

Wanted random_topology(SimRandom& draws) {
  Wanted wanted;
  wanted.text = kHead;
  for (const char* name : {"a", "b", "c", "d"}) {
    if (draws.one_in(2)) wanted.text += random_vm(draws, name, wanted);
  }
  return wanted;
}

std::set<std::string> names_of_guests(Rig& rig) {
  std::set<std::string> names;
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    const auto name = guest.options.at("name");
    INFO("two guests are called " << name);
    CHECK(names.insert(name).second);
  }
  names.erase("debian");
  return names;
}

/// No volume lies there that no guest names.
void check_volumes(Rig& rig) {
  std::string options;
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    for (const auto& [key, value] : guest.options) options += value + ",";
  }
  const auto storage = rig.lab.world().storage.volumes.find("local-lvm");
  if (storage == rig.lab.world().storage.volumes.end()) return;
  for (const auto& [node, volumes] : storage->second) {
    for (const auto& [name, volume] : volumes) {
      INFO("orphan " << name);
      CHECK(options.find(":" + name + ",") != std::string::npos);
    }
  }
}

std::uint64_t live(std::uint64_t seed) {
  Rig rig(seed);
  SimRandom draws(seed ^ 0x517cc1b727220a95ULL);
  for (std::uint64_t i = 0, edits = 1 + draws.below(3); i < edits; ++i) {
    const auto wanted = random_topology(draws);
    rig.write_topology(wanted.text);
    INFO(wanted.text);
    sim::get_through(rig, draws, {"apply", "--auto-approve", "--allow", "data-loss=*"});
    const auto plan = rig.run({"plan", "--detailed-exitcode"});
    INFO(plan.out << plan.err);
    CHECK(plan.exit_code == 0);
    CHECK(names_of_guests(rig) == wanted.names);
    check_volumes(rig);
  }
  sim::get_through(rig, draws, {"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(rig.lab.world().guests.empty());
  CHECK(rig.run({"state", "list"}).out.empty());
  return rig.world.trace.hash();
}

}  // namespace

TEST_CASE("random guests, edits and troubles always end in the wanted world") {
  sim::Seeds seeds("lives of guests", 500);
  while (const auto drawn = seeds.next()) {
    const auto seed = *drawn;
    INFO("seed " << seed << "; PVEPLAN_SEED=" << seed
                 << " simulation_tests [.guest-seed] runs it alone");
    const auto once = live(seed);
    if (seed % 10 == 1) CHECK(live(seed) == once);
  }
}

TEST_CASE("one seed of the guests", "[.guest-seed]") {
  const char* text = std::getenv("PVEPLAN_SEED");
  REQUIRE(text != nullptr);
  live(std::strtoull(text, nullptr, 10));
}
