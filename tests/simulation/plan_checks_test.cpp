// What the reads of a plan show already is told by the plan, not by the apply.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

std::string head(int nodes = 1) {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection(nodes);
}

std::string bridge(const std::string& name, const std::string& rest) {
  return fmt::format("[bridge.{}]\nnodes = [\"pve\"]\n{}\n", name, rest);
}

sim::Ended plan(Rig& rig, const std::string& text) {
  rig.write_topology(head() + text);
  return rig.run({"plan"});
}

void must_apply(Rig& rig, const std::string& text) {
  rig.write_topology(head() + text);
  const auto ended = rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"});
  INFO(text << "\n" << ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
}

void expect_refusal(Rig& rig, const std::string& text, const std::string& words) {
  const auto ended = plan(rig, text);
  INFO(text << "\n" << ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, words));
}

}  // namespace

TEST_CASE("a port that is not there, or that another bridge has, refuses the plan") {
  Rig rig(GENERATE(1, 2));
  expect_refusal(rig, bridge("vmbr7", "ports = [\"eno9\"]"),
                 "bridge.vmbr7[pve]: pve has no interface \"eno9\" to be a port; it has");
  expect_refusal(rig, bridge("vmbr7", "ports = [\"eno1\"]"),
                 "eno1 on pve is a port of vmbr0 already");
  CHECK(plan(rig, bridge("vmbr7", "ports = [\"eno1.20\"]")).exit_code == 0);
  must_apply(rig, bridge("vmbr7", ""));
  expect_refusal(rig, bridge("vmbr7", "ports = [\"eno1\"]"),
                 "eno1 on pve is a port of vmbr0 already");
}

TEST_CASE("a second gateway of a node refuses the plan") {
  Rig rig(1);
  expect_refusal(rig, bridge("vmbr7", "address = \"10.77.0.2/24\"\ngateway = \"10.77.0.1\""),
                 "vmbr0 of pve has the `gateway` already, and a node has one");
}

TEST_CASE("a pool with members that are not ours is not destroyed, and the plan says so") {
  Rig rig(GENERATE(1, 2));
  const std::string guest = "[vm.a]\nmemory = \"512MiB\"\npool = \"p\"\n";
  must_apply(rig, "[pool.p]\n" + guest);
  CHECK(plan(rig, "").exit_code == 0);  // our own guest leaves first
  auto& other = rig.lab.world().guests[900];
  other.node = "pve";
  other.options["name"] = "theirs";
  rig.lab.world().access.pools.at("p").guests.insert(900);
  expect_refusal(rig, "", "pool.p: The pool \"p\" still holds qemu/900");
  CHECK(plan(rig, "[pool.p]\n" + guest).exit_code == 0);
}

TEST_CASE("a pool that leaves the topology waits for the guests that leave it, or is refused") {
  Rig rig(GENERATE(1, 2));
  const auto guest = [](const std::string& rest) { return "[vm.a]\nmemory = \"512MiB\"\n" + rest; };
  must_apply(rig, "[pool.p]\n[pool.q]\n" + guest("pool = \"p\"\n"));
  expect_refusal(rig, "[pool.q]\n" + guest(""),
                 "pool.p cannot be destroyed: it still holds vm.a, and this plan leaves that so, "
                 "since a `pool` "
                 "that is no longer stated stays as it is. Write unset = [\"pool\"]");
  CHECK(plan(rig, "[pool.p]\n[pool.q]\n" + guest("")).exit_code == 0);
  SECTION("unset") {
    must_apply(rig, "[pool.q]\n" + guest("unset = [\"pool\"]\n"));
    CHECK(rig.lab.world().access.pools.at("q").guests.empty());
  }
  SECTION("another pool") {
    must_apply(rig, "[pool.q]\n" + guest("pool = \"q\"\n"));
    CHECK(rig.lab.world().access.pools.at("q").guests.contains(200));
  }
  SECTION("the guest goes too") { must_apply(rig, "[pool.q]\n"); }
  SECTION("released before, so that nothing of the guest changes any more") {
    must_apply(rig, "[pool.p]\n[pool.q]\n" + guest(""));
    expect_refusal(rig, "[pool.q]\n" + guest(""),
                   "it still holds vm.a, and this plan leaves that so");
    must_apply(rig, "[pool.p]\n[pool.q]\n" + guest("pool = \"q\"\n"));
    must_apply(rig, "[pool.q]\n" + guest("pool = \"q\"\n"));
  }
  CHECK_FALSE(rig.lab.world().access.pools.contains("p"));
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("a stated address that a running guest still has refuses the plan") {
  const auto guest = [](const std::string& name, const std::string& ip) {
    return fmt::format(
        "[vm.{}]\nmemory = \"512MiB\"\nnic.lan = {{ bridge = \"vmbr0\", ip = \"{}\" }}\n", name,
        ip);
  };
  Rig rig(1);
  must_apply(rig, guest("a", "10.10.20.50/24"));
  must_apply(rig, guest("a", "10.10.20.60/24"));
  const auto both = guest("a", "10.10.20.60/24") + guest("b", "10.10.20.50/24");
  expect_refusal(rig, both, "10.10.20.50 of vm.b is given up by vm.a, which has it until");
  CHECK(plan(rig, guest("a", "10.10.20.50/24")).exit_code == 0);  // its own one
  rig.write_topology(head() + guest("a", "10.10.20.60/24"));
  REQUIRE(rig.run({"apply", "--auto-approve", "--restart", "vm.a"}).exit_code == 0);
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
  CHECK(plan(rig, both).exit_code == 0);
}

TEST_CASE("a disk that cannot shrink is told with its instances") {
  const auto guests = [](const char* size) {
    return fmt::format(
        "[vm.a]\ncount = 2\ndisk.os = {{ storage = \"local-lvm\", size = \"{}\" }}\n", size);
  };
  Rig rig(1);
  must_apply(rig, guests("2GiB"));
  expect_refusal(
      rig, guests("1GiB"),
      "vm.a: disk.os is 2 GiB large; a disk cannot shrink to 1 GiB. This concerns 2 instances: "
      "vm.a[1,2].");
}

TEST_CASE("clones of a template that the same plan makes are counted where space gets scarce") {
  Rig rig(1);
  const std::string image =
      "[image.debian]\nstorage = \"local\"\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
  const std::string vague =
      image + "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n";
  const std::string sized = vague + "disk.os.size = \"20GiB\"\n";
  const auto expect = [&](const std::string& text, const std::string& words) {
    const auto ended = plan(rig, text);
    INFO(text << "\n" << ended.out << ended.err);
    CHECK(ended.exit_code == 0);
    CHECK(contains(ended.out, "Free after apply: " + words));
  };
  rig.lab.world().storage.definitions.at("local").options["content"] += ",images";
  const std::string guests = "[vm.a]\ncount = 3\ntemplate = \"debian\"\n";
  expect(sized + guests, "local-lvm pve 420 of 500 GiB. Reads");
  expect(sized + guests + "disk.os.size = \"50GiB\"\n", "local-lvm pve 330 of 500 GiB. Reads");
  expect(vague + guests,
         "local-lvm pve 500 of 500 GiB less 1 disk as large as its image and 3 disks as large as "
         "their templates. Reads");
  expect(vague + guests + "disk.os.storage = \"local\"\n",
         "local pve 92 of 100 GiB less 3 disks as large as their templates, local-lvm pve 500 of "
         "500 GiB less 1 disk as large as its image. Reads");
  expect(sized + guests + "clone = \"linked\"\n", "local-lvm pve 480 of 500 GiB. Reads");
  const auto many = plan(rig, sized + "[vm.a]\ncount = 30\ntemplate = \"debian\"\n");
  CHECK(contains(many.err,
                 "This plan puts 620 GiB of disks on local-lvm pve, which has 500 GiB free"));
  must_apply(rig, sized + guests);
  expect(sized + "[vm.a]\ncount = 4\ntemplate = \"debian\"\n", "local-lvm pve 47");
}

namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;
const std::string kMirror = "http://127.0.0.1:8007/images/";

/// An image below the mirror, and its entry of the lock file.
std::string image(const std::string& name, const std::string& file) {
  return fmt::format("[image.{}]\nstorage = \"local\"\nnodes = [\"pve\"]\nurl = \"{}{}\"\n", name,
                     kMirror, file);
}
std::string pin(const std::string& name, const std::string& file, const std::string& size) {
  const auto format = file.substr(file.rfind('.') + 1);
  return fmt::format("[image.{}]\nurl = \"{}{}\"\nchecksum = \"sha256:{}\"\n{}format = \"{}\"\n",
                     name, kMirror, file, std::string(64, 'a'), size, format);
}
std::string bytes(std::int64_t number) { return fmt::format("size = {}\n", number); }

void lock(Rig& rig, const std::string& pins) {
  rig.world.disk.place("/home/tester/topology/pveplan.lock.toml", pins);
}

}  // namespace

TEST_CASE("an image that is raw and locked tells how large its disks are") {
  Rig rig(1);
  lock(rig, pin("debian", "debian.raw", bytes(10 * kGiB)));
  const auto ended = plan(rig, image("debian", "debian.raw") +
                                   "[template.debian]\nimage = \"debian\"\nstorage = "
                                   "\"local-lvm\"\n[vm.a]\ntemplate = \"debian\"\n");
  INFO(ended.out << ended.err);
  CHECK(contains(ended.out,
                 "Free after apply: local pve 82 of 100 GiB, local-lvm pve 480 of 500 GiB. Reads"));
}

TEST_CASE("images that are locked take their size of the storage that they are downloaded to") {
  Rig rig(1);
  const auto images = image("a", "a.qcow2") + image("b", "b.qcow2");
  lock(rig, pin("a", "a.qcow2", bytes(50 * kGiB)) + pin("b", "b.qcow2", bytes(40 * kGiB + 1)));
  const auto fits = plan(rig, images);
  INFO(fits.out << fits.err);
  CHECK(contains(fits.out, "Free after apply: local pve 1 of 100 GiB. Reads"));
  CHECK_FALSE(contains(fits.err, "More than is free"));

  SECTION("together they are too large") {
    lock(rig, pin("a", "a.qcow2", bytes(50 * kGiB)) + pin("b", "b.qcow2", bytes(60 * kGiB - 5)));
    const auto ended = plan(rig, images);
    INFO(ended.out << ended.err);
    CHECK(contains(ended.err,
                   "More than is free This plan puts 110 GiB of images on local pve, "
                   "which has 92 GiB free: their download fails when it is full."));
    CHECK(contains(ended.out, "Free after apply: local pve 0 of 100 GiB. Reads"));
  }
  SECTION("with disks on the same storage they are too large") {
    rig.lab.world().storage.definitions.at("local").options["content"] += ",images";
    const auto ended =
        plan(rig, images + "[vm.g]\ndisk.os = { storage = \"local\", size = \"30GiB\" }\n");
    INFO(ended.out << ended.err);
    CHECK(contains(ended.err,
                   "This plan puts 92161 MiB of images and 30 GiB of disks on local pve, which has "
                   "92 GiB free: it may run full when the guests fill their disks."));
  }
  SECTION("nothing is said of a size that nobody knows") {
    lock(rig, pin("a", "a.qcow2", bytes(50 * kGiB)) + pin("b", "b.qcow2", ""));
    CHECK(contains(plan(rig, images).out, "Free after apply: local pve 42 of 100 GiB. Reads"));
    lock(rig, "");
    CHECK_FALSE(contains(plan(rig, images).out, "Free after apply"));
  }
}

TEST_CASE("a mistyped storage or bridge is told with the nearest one of the node") {
  Rig rig(1);
  expect_refusal(rig, "[vm.a]\ndisk.os = { storage = \"local-lmv\", size = \"1GiB\" }\n",
                 "Did you mean \"local-lvm\"?");
  expect_refusal(rig, "[vm.a]\nnic.lan.bridge = \"vmbr00\"\n", "Did you mean \"vmbr0\"?");
}

TEST_CASE("guests at a bridge that does not come up by itself are told, and start when it is up") {
  Rig rig(GENERATE(1, 2));
  const std::string guest = "[vm.a]\nmemory = \"512MiB\"\nnic.lan.bridge = \"vmbr7\"\n";
  const auto idle = bridge("vmbr7", "autostart = false") + guest;
  const auto told = plan(rig, idle);
  INFO(told.out << told.err);
  CHECK(told.exit_code == 0);
  CHECK(contains(told.out + told.err, "with `ifup vmbr7`, these do not start: vm.a."));
  CHECK(rig.run({"apply", "--auto-approve"}).exit_code == 3);
  rig.lab.world().nodes.at("pve").network.links.emplace_back("vmbr7");
  must_apply(rig, idle);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
  CHECK(rig.lab.world().guests.at(200).running());
}

TEST_CASE("a lock that the guest has is told with its change") {
  Rig rig(1);
  must_apply(rig, "[vm.a]\nmemory = \"512MiB\"\n");
  rig.lab.world().guests.at(200).options["lock"] = "backup";
  const auto told = plan(rig, "[vm.a]\nmemory = \"768MiB\"\n");
  INFO(told.out);
  CHECK(contains(told.out, "lock backup: apply waits 60 s for its end"));
  const auto longer = plan(rig, "[vm.a]\nmemory = \"768MiB\"\ntimeouts.lock = \"90s\"\n");
  CHECK(contains(longer.out, "lock backup: apply waits 90 s for its end"));
}

TEST_CASE("what a terminal would act on is escaped in names, too") {
  Rig rig(1);
  const auto ended =
      plan(rig, "[record.s]\ninput = { \"x\\n\\nNo changes. 1 resource.\\n\\u001b[8m\" = 1 }\n");
  INFO(ended.out);
  CHECK(ended.exit_code == 0);
  CHECK(ended.out.find('\x1b') == std::string::npos);
  CHECK(ended.out.find("\nNo changes") == std::string::npos);
}

TEST_CASE("a token with a line break is told before anything is asked") {
  Rig rig(1);
  rig.environment["TOKEN"] = "root@pam!a=b\nX: y";
  const auto ended = plan(rig, "[vm.a]\nmemory = \"512MiB\"\n");
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.err, "Token not usable"));
  CHECK(rig.requests().empty());
}

TEST_CASE("an empty text is the same as none, from the start and later") {
  Rig rig(1);
  const auto topology = [](const std::string& text) {
    return fmt::format(
        "[pool.p]\ncomment = \"{0}\"\n[bridge.vmbr7]\nnodes = [\"pve\"]\ncomment = \"{0}\"\n"
        "[vm.a]\nmemory = \"512MiB\"\ndescription = \"{0}\"\n",
        text);
  };
  for (const auto* text : {"", "one", ""}) {
    must_apply(rig, topology(text));
    const auto again = rig.run({"plan", "--detailed-exitcode"});
    INFO("'" << text << "'\n" << again.out);
    CHECK(again.exit_code == 0);
    CHECK(contains(again.out, "No changes."));
  }
}
