#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

const std::string kFoundation =
    "[ip_pool.lan]\ncidr = \"10.10.20.0/24\"\nallocate = [\"10.10.20.50-10.10.20.99\"]\n"
    "gateway = \"10.10.20.1\"\ndns = [\"10.10.20.1\"]\n"
    "[pool.team]\ncomment = \"ours\"\n"
    "[image.debian]\nstorage = \"local\"\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
    "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\nagent = true\n"
    "disk.os.size = \"4GiB\"\n";

std::string vm(const std::string& name, const std::string& rest = "") {
  return fmt::format(
      "[vm.{}]\ntemplate = \"debian\"\npool = \"team\"\ncores = 2\nmemory = \"2GiB\"\n"
      "tags = [\"web\"]\ndescription = \"a machine\"\ndisk.os.size = \"8GiB\"\n"
      "disk.data = {{ storage = \"local-lvm\", size = \"10GiB\", discard = true }}\n"
      "nic.lan = {{ bridge = \"vmbr0\", ip = \"pool:lan\" }}\n"
      "cloud_init = {{ user = \"admin\" }}\n{}\n",
      name, rest);
}

void must_run(Rig& rig, const std::vector<std::string>& command) {
  const auto ended = rig.run(command);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

void must_apply(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  INFO(text);
  must_run(rig, {"apply", "--auto-approve", "--allow", "data-loss=*"});
}

/// The plan's text, for a plan without changes.
std::string must_match(Rig& rig) {
  const auto plan = rig.run({"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
  return plan.out;
}

const lab::Guest& guest(Rig& rig, const std::string& name) {
  for (const auto& [vmid, guest] : rig.lab.world().guests) {
    const auto at = guest.options.find("name");
    if (at != guest.options.end() && at->second == name) return guest;
  }
  FAIL("no guest is called " << name);
  throw std::logic_error("not reached");
}

std::string option(Rig& rig, const std::string& name, const std::string& key) {
  const auto& options = guest(rig, name).options;
  const auto at = options.find(key);
  return at == options.end() ? "-" : at->second;
}

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an image, a template and its clones are made, and the next plan is empty") {
  const auto seed = GENERATE(1, 2);  // 9 and 8
  Rig rig(static_cast<std::uint64_t>(seed));
  must_apply(rig, kFoundation + vm("a") + vm("b"));
  must_match(rig);
  CHECK(guest(rig, "a").running());
  CHECK(contains(option(rig, "a", "description"), "pveplan:t:vm.a:201:"));
  CHECK(contains(option(rig, "a", "ipconfig0"), "ip=10.10.20.50/24"));
  CHECK(contains(option(rig, "a", "scsi0"), "size=8G"));
  CHECK(rig.lab.world().access.pools.at("team").guests.size() == 2);
  must_run(rig, {"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(rig.lab.world().guests.empty());
  CHECK(rig.run({"state", "list"}).out.empty());
}

TEST_CASE("destroying data needs a permission that names it") {
  Rig rig(1);
  must_apply(rig, kFoundation + vm("a"));
  rig.write_topology(kHead + kFoundation);
  const auto refused = rig.run({"apply", "--auto-approve"});
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out + refused.err, "--allow data-loss=vm.a"));
  CHECK(guest(rig, "a").running());
  must_run(rig, {"apply", "--auto-approve", "--allow", "data-loss=vm.a"});
  CHECK(rig.lab.world().guests.size() == 1);  // the template
}

TEST_CASE("what needs a restart waits until it is allowed") {
  Rig rig(1);
  must_apply(rig, kFoundation + vm("a"));
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
  auto text = kFoundation + vm("a");
  text.replace(text.find("cores = 2"), 9, "cores = 4");
  rig.write_topology(kHead + text);
  const auto plan = rig.run({"plan"});
  CHECK(contains(plan.out, "waits for a restart"));
  must_apply(rig, text);
  CHECK(guest(rig, "a").running());
  CHECK(option(rig, "a", "cores") == "2");
  CHECK(contains(must_match(rig), "cores 2 -> 4"));

  must_run(rig, {"apply", "--auto-approve", "--restart", "vm.a"});
  CHECK(option(rig, "a", "cores") == "4");
  CHECK_FALSE(contains(must_match(rig), "wait"));
}

TEST_CASE("every kind of edit of a running guest converges, and back again") {
  const auto edit = GENERATE(
      as<std::string>(), "cores = 4", "sockets = 2", "cpu = \"host\"", "memory = \"3GiB\"",
      "description = \"other\"", "tags = [\"b\", \"a\"]", "onboot = true", "name = \"renamed\"",
      "agent = false", "agent = { enabled = true, fstrim_cloned_disks = true }",
      "machine = \"q35\"", "bios = \"ovmf\"", "scsi_controller = \"virtio-scsi-pci\"",
      "power = \"stopped\"", "disk.more = { storage = \"local-lvm\", size = \"1GiB\" }",
      "disk.more = { storage = \"local-lvm\", size = \"1GiB\", slot = \"virtio3\" }",
      "disk.data.size = \"11GiB\"", "disk.data.ssd = true", "disk.data.backup = false",
      "disk.data.iothread = true", "disk.data.cache = \"writeback\"", "disk.data.discard = false",
      "nic.two.bridge = \"vmbr0\"", "nic.lan.vlan = 5", "nic.lan.mtu = 1400",
      "nic.lan.firewall = true", "nic.lan.model = \"e1000\"", "nic.lan.mac = \"BC:24:11:00:00:01\"",
      "nic.lan.ip = \"dhcp\"", "nic.lan.ip = \"10.10.20.7/24\"", "nic.lan.dns = [\"9.9.9.9\"]",
      "nic.lan.search = [\"lan.test\"]", "nic.lan.ip6 = \"auto\"", "cloud_init.user = \"other\"",
      "cloud_init.upgrade = true",
      "cloud_init.ssh_keys = [\"ssh-ed25519 "
      "AAAAC3NzaC1lZDI1NTE5AAAAIK7eZzPX3v+4ueYf7QV66EqLWG2CD0SFeOT7gcmUSqzd "
      "me@x\"]",
      "restart = \"now\"\ncores = 3");
  const auto base = std::string(
      "[profile.base]\ntemplate = \"debian\"\ncores = 2\nmemory = \"2GiB\"\ntags = [\"web\"]\n"
      "description = \"a machine\"\n"
      "disk.data = { storage = \"local-lvm\", size = \"10GiB\", discard = true }\n"
      "nic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n"
      "cloud_init = { user = \"admin\" }\n[vm.a]\nuse = [\"base\"]\n");
  for (const std::uint64_t seed : {1, 2}) {
    INFO("seed " << seed << " edit " << edit);
    Rig rig(seed);
    must_apply(rig, kFoundation + base);
    must_match(rig);
    must_apply(rig, kFoundation + base + edit + "\n");
    must_match(rig);
    const bool grows = contains(edit, "size = \"11GiB\"");
    if (!grows) must_apply(rig, kFoundation + base);
    must_match(rig);
  }
}

TEST_CASE("guests come from an image, from nothing, or as a linked clone") {
  Rig rig(1);
  must_apply(rig, kFoundation +
                      "[vm.direct]\nimage = \"debian\"\n"
                      "disk.os = { storage = \"local-lvm\", size = \"5GiB\" }\n"
                      "[vm.empty]\nmemory = \"512MiB\"\npower = \"stopped\"\n"
                      "disk.one = { storage = \"local-lvm\", size = \"1GiB\" }\n"
                      "[vm.linked]\ntemplate = \"debian\"\nclone = \"linked\"\n");
  must_match(rig);
  CHECK(guest(rig, "direct").running());
  CHECK_FALSE(guest(rig, "empty").running());
  const auto& volumes = rig.lab.world().storage.volumes.at("local-lvm").at("pve");
  const auto disk = option(rig, "linked", "scsi0");
  CHECK(volumes.at(disk.substr(disk.find(':') + 1, disk.find(',') - disk.find(':') - 1)).parent ==
        "base-200-disk-0");
  must_run(rig, {"destroy", "--auto-approve", "--allow", "data-loss=*"});
  CHECK(rig.lab.world().guests.empty());
}

TEST_CASE("a shrinking count removes the highest keys only") {
  Rig rig(1);
  must_apply(rig, kFoundation + "[vm.w]\ntemplate = \"debian\"\ncount = 4\n");
  const auto second = option(rig, "w-2", "smbios1");
  must_apply(rig, kFoundation + "[vm.w]\ntemplate = \"debian\"\ncount = 2\n");
  must_match(rig);
  CHECK(rig.lab.world().guests.size() == 3);
  CHECK(option(rig, "w-2", "smbios1") == second);
  must_apply(rig, kFoundation + "[vm.w]\ntemplate = \"debian\"\ncount = 3\n");
  must_match(rig);
  // Old backups may go by the numbers of the dead, so the new guest has another one.
  CHECK(contains(option(rig, "w-3", "description"), "pveplan:t:vm.w[3]:205:"));
}

TEST_CASE(
    "a password is crypted before it leaves, kept nowhere, and sent again only when it changed") {
  Rig rig(1);
  const auto run = [&rig](const std::vector<std::string>& command, const std::string& secret) {
    sim::Conditions conditions;
    conditions.prepare = [secret](sim::SimHost& host) {
      host.environment.variables["SECRET"] = secret;
    };
    auto ended = rig.run(command, conditions);
    CHECK_FALSE(contains(ended.out + ended.err, secret));
    return ended;
  };
  const std::string first = "correct horse battery", second = "another one entirely";
  rig.write_topology(kHead + kFoundation +
                     "[vm.a]\ntemplate = \"debian\"\nrestart = \"now\"\n"
                     "cloud_init = { user = \"admin\", password = { env = \"SECRET\" } }\n");
  const auto apply = run({"apply", "--auto-approve", "--trace", "trace.txt"}, first);
  INFO(apply.out << apply.err);
  REQUIRE(apply.exit_code == 0);
  const auto sent = option(rig, "a", "cipassword");
  CHECK(sent.starts_with("$6$"));
  CHECK(run({"plan", "--detailed-exitcode"}, first).exit_code == 0);
  CHECK(run({"plan", "--detailed-exitcode", "--format", "json"}, second).exit_code == 2);
  REQUIRE(run({"apply", "--auto-approve"}, second).exit_code == 0);
  CHECK(option(rig, "a", "cipassword") != sent);
  CHECK(run({"plan", "--detailed-exitcode"}, second).exit_code == 0);
  const std::string state = "/home/tester/topology/.pveplan/t/";
  for (const auto& path :
       {state + "state.json", state + "journal", std::string("/home/tester/topology/trace.txt")}) {
    INFO(path);
    const auto content = rig.world.disk.content(path);
    REQUIRE(content);
    CHECK_FALSE(contains(*content, first));
    CHECK_FALSE(contains(*content, second));
    CHECK_FALSE(contains(*content, sent));
  }
}

TEST_CASE("a plan with --rotate sends a secret again that is the same, and nothing else does") {
  Rig rig(1);
  rig.environment["SECRET"] = "correct horse battery";
  rig.write_topology(kHead + kFoundation +
                     "[vm.a]\ntemplate = \"debian\"\n"
                     "cloud_init = { user = \"admin\", password = { env = \"SECRET\" } }\n"
                     "[vm.b]\ntemplate = \"debian\"\n");
  REQUIRE(rig.run({"apply", "--auto-approve"}).exit_code == 0);
  const auto sent = option(rig, "a", "cipassword");
  for (auto& [vmid, guest] : rig.lab.world().guests) {
    if (guest.options.contains("cipassword")) guest.options["cipassword"] = "$6$somebody$else";
  }
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);  // nobody can read it back
  const auto plan = rig.run({"plan", "--rotate", "vm.a"});
  INFO(plan.out << plan.err);
  CHECK(contains(plan.out, "cloud_init.password (secret) sent again"));
  REQUIRE(rig.run({"apply", "--auto-approve", "--rotate", "vm.*"}).exit_code == 0);
  CHECK(option(rig, "a", "cipassword") == sent);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);

  const auto none = rig.run({"plan", "--rotate", "vm.b"});
  CHECK(none.exit_code == 1);
  CHECK(contains(none.err, "names no resource with a secret"));
  CHECK(contains(rig.run({"plan", "--rotate", "vm.q"}).err, "Did you mean"));
  CHECK(rig.run({"plan", "--rotate", "vm.a", "-o", "p.json"}).exit_code == 0);
  CHECK(rig.run({"apply", "p.json"}).exit_code == 0);
}

TEST_CASE("an image with a wrong checksum is a clear error that leaves nothing behind") {
  Rig rig(1);
  const std::string image =
      "[image.debian]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";
  rig.write_topology(kHead + image + "checksum = \"sha256:" + std::string(64, 'a') + "\"\n");
  const auto ended = rig.run({"apply", "--auto-approve"});
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.out + ended.err, "checksum"));
  for (const auto& [name, volume] : rig.lab.world().storage.volumes["local"]["pve"])
    CHECK_FALSE(contains(name, "debian"));
  CHECK(rig.run({"state", "list"}).out.empty());
  must_apply(rig, image);
  must_match(rig);
}

TEST_CASE("a cloud-init drive needs a disk beside which it can lie") {
  Rig rig(1);
  rig.write_topology(kHead + "[vm.a]\nmemory = \"1GiB\"\ncloud_init = { user = \"u\" }\n");
  const auto plan = rig.run({"plan"});
  CHECK(plan.exit_code == 1);
  CHECK(contains(plan.out + plan.err, "Declare a disk with a storage"));
  must_apply(rig,
             "[vm.a]\nmemory = \"1GiB\"\ncloud_init = { user = \"u\" }\n"
             "disk.one = { storage = \"local-lvm\", size = \"1GiB\" }\n");
  CHECK(contains(option(rig, "a", "scsi30"), "local-lvm:vm-200-cloudinit"));
}
