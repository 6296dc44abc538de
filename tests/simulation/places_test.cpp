// Disks and NICs that living guests get are put on places that take them, as those of new guests.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// A rig whose topology has one block, `[vm.a]`, that was made before each test begins.
class World {
 public:
  explicit World(int nodes) : rig(1, nodes), nodes_(nodes) {
    must_apply("");
    rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
  }

  void write(const std::string& more) {
    rig.write_topology("[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" +
                       Rig::connection(nodes_) + "[vm.a]\nmemory = \"512MiB\"\n" +
                       "disk.os = { storage = \"local-lvm\", size = \"10GiB\" }\n" +
                       "nic.lan = { bridge = \"vmbr0\" }\n" + more);
  }
  sim::Ended plan(const std::string& more, const std::vector<std::string>& options = {}) {
    write(more);
    std::vector<std::string> arguments = {"plan"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return rig.run(arguments);
  }
  void must_apply(const std::string& more) {
    write(more);
    const auto ended = rig.run({"apply", "--auto-approve"});
    INFO(ended.out << ended.err);
    REQUIRE(ended.exit_code == 0);
  }
  void expect_refusal(const std::string& more, const std::string& summary,
                      const std::string& detail) {
    const auto ended = plan(more);
    INFO(more << "\n" << ended.out << ended.err);
    CHECK(ended.exit_code == 1);
    CHECK(contains(ended.err, "error: " + summary));
    CHECK(contains(ended.err, detail));
    CHECK(contains(ended.err, "--> pveplan.toml:"));
  }
  void expect_change(const std::string& more) {
    const auto ended = plan(more);
    INFO(more << "\n" << ended.out << ended.err);
    CHECK(ended.exit_code == 0);
    CHECK(contains(ended.out, "~ vm.a"));
  }

  Rig rig;

 private:
  int nodes_;
};

std::string disk(const std::string& storage, const std::string& size = "1GiB") {
  return fmt::format("disk.data = {{ storage = \"{}\", size = \"{}\" }}\n", storage, size);
}

/// A storage that some nodes have; all where `nodes` is empty.
void add_storage(Rig& rig, const std::string& name, const std::string& nodes,
                 const std::string& content, bool shared, std::int64_t total) {
  auto& storage = rig.lab.world().storage;
  auto& definition = storage.definitions[name];
  definition.type = shared ? "nfs" : "dir";
  definition.options = {{"path", "/mnt/" + name}, {"content", content}};
  if (shared) definition.options["server"] = "10.0.0.9";
  if (shared) definition.options["export"] = "/e";
  if (!nodes.empty()) definition.options["nodes"] = nodes;
  if (shared) {
    storage.spaces[name][""] = {total, 0, true};
    return;
  }
  for (const auto& [node, each] : rig.lab.world().nodes)
    storage.spaces[name][node] = {total, 0, true};
}

void add_bridge(Rig& rig, const std::string& node, const std::string& name) {
  auto& network = rig.lab.world().nodes.at(node).network;
  network.current.interfaces.push_back({name, {{"type", "bridge"}}});
  network.links.push_back(name);
}

}  // namespace

TEST_CASE("a disk that a living guest gets needs a storage that its node has") {
  World world(2);
  add_storage(world.rig, "fast", "pve2", "images", false, 100 * kGiB);
  world.expect_refusal(disk("local-lvn"), "Unknown storage",
                       "pve1 has no storage \"local-lvn\" that this token may see; it has local "
                       "and local-lvm. Did you mean \"local-lvm\"?");
  world.expect_refusal(disk("fast"), "Unknown storage", "pve1 has no storage \"fast\"");
  world.expect_change(disk("local-lvm"));
}

TEST_CASE("a guest that was moved is checked on the node where it is") {
  World world(2);
  add_storage(world.rig, "fast", "pve2", "images", false, 100 * kGiB);
  add_bridge(world.rig, "pve1", "vmbr1");
  const std::string nic = "nic.new = { bridge = \"vmbr1\" }\n";
  world.expect_change(nic);
  world.rig.lab.world().guests.at(200).node = "pve2";
  world.expect_change(disk("fast"));
  world.expect_refusal(nic, "Unknown bridge", "pve2 has no bridge \"vmbr1\"; it has vmbr0.");
}

TEST_CASE("a disk that a living guest gets needs a storage that takes disks and is active") {
  World world(1);
  add_storage(world.rig, "isos", "", "iso", false, 100 * kGiB);
  world.expect_refusal(disk("isos"), "Storage does not take this",
                       "isos keeps no content of type \"images\". Allow it with: pvesm set isos "
                       "--content iso,images");
  add_storage(world.rig, "slow", "", "images", false, 100 * kGiB);
  world.expect_change(disk("slow"));
  world.rig.lab.world().storage.spaces.at("slow").at("pve").online = false;
  world.expect_refusal(disk("slow"), "Storage not active", "slow of pve is not active now");
  world.expect_refusal(
      "[vm.b]\nnode = \"pve\"\ndisk.os = { storage = \"slow\", size = \"1GiB\" }\n",
      "Storage not active", "Find out why with `pvesm status --storage slow` on pve");
}

TEST_CASE("what a living guest has already is not checked") {
  World world(1);
  auto& definitions = world.rig.lab.world().storage.definitions;
  definitions.at("local-lvm").options["content"] = "rootdir";
  world.expect_change("cores = 2\n");
  world.expect_refusal(disk("local-lvm"), "Storage does not take this",
                       "local-lvm keeps no content of type \"images\"");
}

TEST_CASE("a NIC that a living guest gets, or that changes its bridge, needs one that exists") {
  World world(GENERATE(1, 2));
  const std::string node = world.rig.lab.world().nodes.begin()->first;
  const std::string nic = "nic.new = { bridge = \"vmbr1\" }\n";
  world.expect_refusal(nic, "Unknown bridge", node + " has no bridge \"vmbr1\"; it has vmbr0.");
  world.expect_change("nic.new = { bridge = \"vmbr0\" }\n");
  world.expect_change(fmt::format("{}[bridge.vmbr1]\nnodes = [\"{}\"]\n", nic, node));
  add_bridge(world.rig, node, "vmbr1");
  world.must_apply(nic);
  const std::string changed = "nic.new = { bridge = \"vmbr2\" }\n";
  world.expect_refusal(changed, "Unknown bridge", "it has vmbr0 and vmbr1. Did you mean");
  add_bridge(world.rig, node, "vmbr2");
  world.expect_change(changed);
}

TEST_CASE("a cause is told once of all instances of a block, beside every other error") {
  World world(2);
  add_storage(world.rig, "fast", "pve2", "images", false, 100 * kGiB);
  const std::string text =
      "[vm.w]\ncount = 50\nnode = \"pve1\"\nnic.lan.bridge = \"vmbr7\"\n"
      "each.3.disk.os = { storage = \"fast\", size = \"1GiB\" }\n"
      "each.4.disk.os = { storage = \"fast\", size = \"1GiB\" }\n"
      "[vm.x]\nfor_each = [\"a\", \"b\"]\nnode = \"pve1\"\nnic.lan.bridge = \"vmbr8\"\n";
  const auto ended = world.plan(text);
  INFO(ended.err);
  const auto times = [&ended](const std::string& what) {
    std::size_t count = 0;
    for (auto at = ended.err.find(what); at != std::string::npos; at = ended.err.find(what, at + 1))
      ++count;
    return count;
  };
  CHECK(ended.exit_code == 1);
  CHECK(times("error: Unknown bridge") == 2);
  CHECK(
      contains(ended.err,
               "pve1 has no bridge \"vmbr7\"; it has vmbr0. Did you mean \"vmbr0\"? This concerns "
               "50 instances: vm.w[1..50]."));
  CHECK(contains(ended.err, "This concerns 2 instances: vm.x[a,b]."));
  CHECK(times("error: Unknown storage") == 2);  // two lines say it
  const auto one = world.plan(text, {"--target", "vm.w[7]"});
  CHECK(contains(one.err, "error: Unknown bridge"));
  CHECK_FALSE(contains(one.err, "This concerns"));
}

TEST_CASE("what has no place on any node is told once of all instances of a block") {
  World world(2);
  const auto ended = world.plan(
      "[vm.w]\ncount = 12\ndisk.os = { storage = \"fast\", size = \"1GiB\" }\n"
      "[vm.x]\ndisk.os = { storage = \"fast\", size = \"1GiB\" }\n");
  INFO(ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err,
                 "No node of the cluster can hold vm.w: pve1 has no storage fast that this token "
                 "may see and pve2 has no storage fast that this token may see. This concerns 12 "
                 "instances: vm.w[1..12]."));
  CHECK(contains(ended.err, "No node of the cluster can hold vm.x: pve1 has"));
  CHECK_FALSE(contains(ended.err, "vm.w[1]:"));
}

TEST_CASE("what others may change is not checked") {
  World world(1);
  add_bridge(world.rig, "pve", "vmbr1");
  const std::string nic = "nic.new = { bridge = \"vmbr1\" }\n";
  world.must_apply(nic);
  const auto ended = world.plan("nic.new = { bridge = \"vmbr9\" }\nignore = [\"nic.new\"]\n");
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 0);
}

TEST_CASE(
    "a new disk of a living guest takes its size of what is free, and a larger one the rest") {
  World world(1);
  add_storage(world.rig, "small", "", "images", false, 100 * kGiB);
  const auto added = world.plan(disk("small", "60GiB"));
  INFO(added.out << added.err);
  CHECK(contains(added.out, "Free after apply: small pve 40 of 100 GiB."));
  CHECK_FALSE(contains(added.err, "More than is free"));
  CHECK(contains(world.plan(disk("small", "101GiB")).err,
                 "This plan puts 101 GiB of disks on small pve, which has 100 GiB free"));
  world.must_apply(disk("small", "60GiB"));
  const auto grown = world.plan(disk("small", "90GiB"));
  INFO(grown.out << grown.err);
  CHECK(contains(grown.out, "small pve 69 of 100 GiB."));  // hardly anything is written yet
  CHECK_FALSE(contains(grown.err, "More than is free"));
  CHECK(contains(world.plan(disk("small", "161GiB")).err,
                 "This plan puts 101 GiB of disks on small pve"));
}

TEST_CASE("a shared storage is counted once, whatever node a guest is on") {
  World world(2);
  add_storage(world.rig, "nfs1", "", "images", true, 100 * kGiB);
  const auto other = [](const char* size) {
    return fmt::format(
        "[vm.b]\nnode = \"pve2\"\ndisk.os = {{ storage = \"nfs1\", size = \"{}\" }}\n", size);
  };
  const auto fits = world.plan(disk("nfs1", "40GiB") + other("50GiB"));
  INFO(fits.out << fits.err);
  CHECK(contains(fits.out, "Free after apply: nfs1 10 of 100 GiB."));
  CHECK_FALSE(contains(fits.err, "More than is free"));
  CHECK(contains(world.plan(disk("nfs1", "60GiB") + other("50GiB")).err,
                 "This plan puts 110 GiB of disks on nfs1, which has 100 GiB free"));
}
