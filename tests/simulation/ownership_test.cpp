// Who owns what: moved, removed, imported, observed, ignored and protected resources.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();

std::string vm(const std::string& name, const std::string& rest = "") {
  return fmt::format(
      "[vm.{}]\ncores = 2\nmemory = \"1GiB\"\n"
      "disk.os = {{ storage = \"local-lvm\", size = \"2GiB\" }}\n{}\n",
      name, rest);
}

sim::Ended plan(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  return rig.run({"plan", "--detailed-exitcode"});
}

sim::Ended must_apply(Rig& rig, const std::string& text) {
  rig.write_topology(kHead + text);
  auto ended = rig.run({"apply", "--auto-approve"});
  INFO(text << ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  return ended;
}

void must_match(Rig& rig, const std::string& text) {
  const auto ended = plan(rig, text);
  INFO(text << ended.out << ended.err);
  CHECK(ended.exit_code == 0);
}

lab::Guest& only_guest(Rig& rig) {
  auto& guests = rig.lab.world().guests;
  REQUIRE(guests.size() == 1);
  return guests.begin()->second;
}

/// Somebody else's machine: 500 with two disks and a NIC, made by its own topology and forgotten.
void make_by_hand(Rig& rig) {
  must_apply(
      rig,
      "[vm.old]\nvmid = 250\nname = \"nas\"\ncores = 2\nmemory = \"1GiB\"\ntags = [\"hand\"]\n"
      "disk.os = { storage = \"local-lvm\", size = \"2GiB\" }\n"
      "disk.data = { storage = \"local-lvm\", size = \"10GiB\" }\n"
      "nic.lan = { bridge = \"vmbr0\", vlan = 7 }\n");
  must_apply(rig, "[[removed]]\naddress = \"vm.old\"\ndestroy = false\n");
  only_guest(rig).options["description"] = "made by hand";
}

const std::string kNas =
    "[vm.nas]\ncores = 2\nmemory = \"1GiB\"\n"
    "disk.os = { slot = \"scsi0\", storage = \"local-lvm\", size = \"2GiB\" }\n"
    "disk.data = { slot = \"scsi1\", storage = \"local-lvm\", size = \"10GiB\" }\n"
    "nic.lan = { bridge = \"vmbr0\", vlan = 7 }\n";
const std::string kImport = "[[import]]\nto = \"vm.nas\"\nid = \"250\"\n";

}  // namespace

TEST_CASE("a moved guest keeps its number, its disks and its name") {
  Rig rig(GENERATE(1, 2));
  must_apply(rig, vm("web"));
  const auto before = only_guest(rig).options;
  const auto text = vm("www") + "[[moved]]\nfrom = \"vm.web\"\nto = \"vm.www\"\n";
  const auto seen = plan(rig, text);
  INFO(seen.out);
  CHECK(seen.exit_code == 2);
  CHECK(contains(seen.out, "moved from vm.web"));
  CHECK(contains(seen.out, "Plan: 0 to add, 0 to change, 0 to destroy."));
  CHECK(contains(must_apply(rig, text).out, "Apply complete: 0 added, 0 changed, 0 destroyed."));
  CHECK(only_guest(rig).options == before);
  CHECK(rig.run({"state", "list"}).out == "vm.www\n");
  must_match(rig, text);
  must_match(rig, vm("www"));
}

TEST_CASE("blocks move with all their instances, through a chain, and onto a count") {
  Rig rig(1);
  must_apply(rig, vm("a", "count = 2"));
  must_apply(rig, vm("c", "count = 2") +
                      "[[moved]]\nfrom = \"vm.a\"\nto = \"vm.b\"\n[[moved]]\nfrom = \"vm.b\"\nto = "
                      "\"vm.c\"\n");
  CHECK(rig.run({"state", "list"}).out == "vm.c[1]\nvm.c[2]\n");
  must_apply(rig, "[record.r]\ninput = 1\n" + vm("c", "count = 2"));
  must_apply(rig, "[record.r]\ncount = 2\ninput = 1\n" + vm("c", "count = 2"));
  CHECK(rig.run({"state", "list"}).out == "record.r[1]\nrecord.r[2]\nvm.c[1]\nvm.c[2]\n");
  CHECK(rig.lab.world().guests.size() == 2);
}

TEST_CASE("a block that leaves while its like comes is told with the entry that would move it") {
  Rig rig(1);
  must_apply(rig, vm("web", "count = 2") + "[record.r]\ninput = 1\n");
  const auto renamed = plan(rig, vm("www", "count = 2") + "[record.r]\ninput = 1\n");
  CHECK(contains(renamed.err, "vm.web leaves and vm.www comes"));
  CHECK(contains(renamed.err, "add [[moved]] with from = \"vm.web\" and to = \"vm.www\""));
  auto other = vm("www", "count = 2");
  other.replace(other.find("2GiB"), 4, "3GiB");
  CHECK_FALSE(contains(plan(rig, other).err, "[[moved]]"));
  other += "name = \"web-${each.key}\"\n";
  other.replace(other.find("disk.os"), 0, "name = \"web-${each.key}\"\n");
  other.resize(other.rfind("name ="));
  CHECK(contains(plan(rig, other).err, "from = \"vm.web\""));
}

TEST_CASE("nothing moves onto an address that the state has already") {
  Rig rig(1);
  must_apply(rig, "[record.a]\ninput = 1\n[record.b]\ninput = 2\n");
  const auto refused =
      plan(rig, "[record.b]\ninput = 2\n[[moved]]\nfrom = \"record.a\"\nto = \"record.b\"\n");
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err, "Address taken"));
}

TEST_CASE("a removed block with destroy = false leaves its guest running and forgets it") {
  Rig rig(1);
  must_apply(rig, vm("a"));
  const std::string entry = "[[removed]]\naddress = \"vm.a\"\ndestroy = false\n";
  const auto seen = plan(rig, entry);
  CHECK(contains(seen.out, ". vm.a"));
  CHECK(contains(seen.out, "1 to forget"));
  must_apply(rig, entry);
  CHECK(only_guest(rig).running());
  CHECK(rig.run({"state", "list"}).out.empty());
  must_match(rig, entry);
}

TEST_CASE("an imported guest is taken as it is, and only what is stated is changed") {
  Rig rig(GENERATE(1, 2));
  make_by_hand(rig);
  auto before = only_guest(rig).options;
  const auto seen = plan(rig, kNas + kImport);
  INFO(seen.out << seen.err);
  CHECK(contains(seen.out, "imported from 250"));
  CHECK(contains(seen.out, "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy."));
  CHECK(contains(must_apply(rig, kNas + kImport).out, "Apply complete: 1 imported, 0 added"));
  CHECK(only_guest(rig).options == before);
  must_match(rig, kNas + kImport);
  auto text = kNas;
  text.replace(text.find("10GiB"), 5, "12GiB");
  must_apply(rig, text);
  CHECK(contains(only_guest(rig).options.at("scsi1"), "size=12G"));
  CHECK(only_guest(rig).options.at("name") == "nas");
  must_match(rig, text);
}

TEST_CASE("a saved plan of an import and of a move can be applied") {
  Rig rig(1);
  make_by_hand(rig);
  must_apply(rig, "[record.a]\ninput = 1\n");
  rig.write_topology(kHead + kNas + kImport +
                     "[record.b]\ninput = 1\n[[moved]]\nfrom = \"record.a\"\nto = \"record.b\"\n");
  const auto saved = rig.run({"plan", "-o", "plan.json"});
  INFO(saved.out << saved.err);
  REQUIRE(saved.exit_code == 0);
  const auto done = rig.run({"apply", "plan.json"});
  INFO(done.out << done.err);
  CHECK(done.exit_code == 0);
  CHECK(rig.run({"state", "list"}).out == "record.b\nvm.nas\n");
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("what cannot be imported says why") {
  const auto [entry, expected] = GENERATE(table<std::string, std::string>({
      {"to = \"vm.nas\"\nid = \"251\"", "the cluster has no such object"},
      {"to = \"vm.nas\"\nid = \"nas\"", "is not what Proxmox calls such an object"},
      {"to = \"vm.nsa\"\nid = \"250\"", "Did you mean \"vm.nas\"?"},
      {"to = \"vm.nas\"", "\"id\" must be stated"},
      {"to = \"vm.nas\"\nid = \"250\"\n[[import]]\nto = \"vm.nas\"\nid = \"250\"",
       "Two entries name vm.nas"},
  }));
  Rig rig(1);
  make_by_hand(rig);
  const auto refused = plan(rig, kNas + "[[import]]\n" + entry + "\n");
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err, expected));
}

TEST_CASE("a guest of another topology, or a disk that could be two, is not imported") {
  Rig rig(1);
  make_by_hand(rig);
  auto text = kNas + kImport;
  text.replace(text.find("slot = \"scsi1\", "), 16, "");
  text.replace(text.find("disk.os"), 7, "disk.sys");
  text.replace(text.find("slot = \"scsi0\", "), 16, "");
  const auto unclear = plan(rig, text);
  CHECK(unclear.exit_code == 1);
  CHECK(contains(unclear.err, "state its slot"));
  CHECK(contains(unclear.err, "scsi0 local-lvm:vm-250-disk-0"));
  only_guest(rig).options["description"] = "pveplan:other:vm.x:250:0123456789abcdef";
  const auto theirs = plan(rig, kNas + kImport);
  CHECK(theirs.exit_code == 1);
  CHECK(contains(theirs.err, "belongs to the topology other"));
}

TEST_CASE("an observed guest is compared and referred to, and never written or removed") {
  Rig rig(1);
  make_by_hand(rig);
  const auto before = only_guest(rig).options;
  const std::string text =
      "[vm.nas]\nvmid = 250\nmanage = \"observe\"\ncores = 4\n[record.r]\ninput = "
      "\"${vm.nas.id}\"\n";
  const auto seen = plan(rig, text);
  INFO(seen.out << seen.err);
  CHECK(contains(seen.out, "only observed"));
  CHECK(contains(seen.out, "Plan: 1 to add, 0 to change, 0 to destroy."));
  must_apply(rig, text);
  CHECK(rig.run({"state", "show", "record.r"}).out.find("250") != std::string::npos);
  must_match(rig, text);
  must_apply(rig, "[record.r]\ninput = 1\n");
  CHECK(rig.run({"state", "list"}).out == "record.r\n");
  must_apply(rig, text);
  const auto destroyed = rig.run({"destroy", "--auto-approve", "--allow", "data-loss=*"});
  INFO(destroyed.out << destroyed.err);
  CHECK(destroyed.exit_code == 0);
  CHECK(only_guest(rig).options == before);
  CHECK(only_guest(rig).running());
}

TEST_CASE("what is observed must exist and be named") {
  Rig rig(1);
  const auto unnamed = plan(rig, "[vm.nas]\nmanage = \"observe\"\n");
  CHECK(unnamed.exit_code == 1);
  CHECK(contains(unnamed.err, "state its number or id"));
  const auto absent = plan(rig, "[vm.nas]\nmanage = \"observe\"\nvmid = 250\n");
  CHECK(absent.exit_code == 1);
  CHECK(contains(absent.err, "shall be observed"));
}

TEST_CASE("an ignored attribute is set when the object is made, then left to others") {
  Rig rig(1);
  const auto text = vm("a", "tags = [\"one\"]\nignore = [\"tags\", \"memory\"]");
  must_apply(rig, text);
  CHECK(only_guest(rig).options.at("tags") == "one");
  only_guest(rig).options["tags"] = "two";
  only_guest(rig).options["memory"] = "3072";
  must_match(rig, text);
  auto other = text;
  other.replace(other.find("cores = 2"), 9, "cores = 3");
  must_apply(rig, other);
  CHECK(only_guest(rig).options.at("memory") == "3072");
  const auto managed = plan(rig, vm("a", "tags = [\"one\"]"));
  CHECK(contains(managed.out, "memory"));
}

TEST_CASE("the disk that came with an image or a template stays when the lines go") {
  const std::string made =
      "[image.d]\nstorage = \"local\"\nnodes = [\"pve\"]\n"
      "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n"
      "[template.d]\nimage = \"d\"\nstorage = \"local-lvm\"\nnodes = [\"pve\"]\n";
  Rig rig(1);
  must_apply(rig, made +
                      "[vm.a]\ntemplate = \"d\"\n[vm.b]\nimage = \"d\"\n"
                      "disk.os = { storage = \"local-lvm\", size = \"4GiB\" }\n");
  const auto disks = [&rig] { return rig.lab.world().storage.volumes["local-lvm"]["pve"].size(); };
  const auto before = disks();
  for (int run = 0; run < 2; ++run) {
    const auto done = must_apply(rig, made + "[vm.a]\n[vm.b]\n");
    INFO(done.out);
    CHECK_FALSE(contains(done.out, "removed"));
    CHECK(disks() == before);
  }
  must_match(rig, made + "[vm.a]\n[vm.b]\n");
}

TEST_CASE("an option that names nothing is an error before anything is written") {
  Rig rig(1);
  rig.write_topology(kHead + vm("web") + vm("db"));
  const auto refuse = [&rig](const std::string& option, const std::string& glob,
                             const std::string& words) {
    const auto ended = rig.run({"apply", "--auto-approve", option, glob});
    INFO(option << " " << glob << "\n" << ended.out << ended.err);
    CHECK(ended.exit_code == 1);
    CHECK(contains(ended.err, "error: Matches nothing"));
    CHECK(contains(ended.err, words));
  };
  const std::string nothing =
      " names no resource of the topology or the state, so nothing was "
      "planned.";
  refuse("--allow", "data-loss=vm.wbe",
         "--allow data-loss=vm.wbe" + nothing + " Did you mean \"vm.web\"?");
  refuse("--restart", "vm.wbe", "--restart vm.wbe" + nothing + " Did you mean \"vm.web\"?");
  refuse("--restart", "vm.x*", "--restart vm.x*" + nothing);
  const auto requests = rig.requests();
  CHECK(std::none_of(requests.begin(), requests.end(),
                     [](const auto& each) { return each.starts_with("POST"); }));

  must_apply(rig, vm("web") + vm("db"));
  // What does not change, or will not be there, is named all the same.
  const auto fine = rig.run({"plan", "--allow", "data-loss=vm.web", "--restart", "vm.db"});
  CHECK(fine.exit_code == 0);
  rig.write_topology(kHead);
  CHECK(rig.run({"plan", "--allow", "data-loss=vm.*"}).exit_code == 0);
  CHECK(rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"}).exit_code == 0);
  // The same command once more, when what it was about is gone.
  const auto again = rig.run({"apply", "--auto-approve", "--allow", "data-loss=vm.web"});
  CHECK(again.exit_code == 0);
  CHECK(contains(again.err, "warning: Matches nothing"));
  CHECK(rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"}).exit_code == 0);
}

TEST_CASE("drift is told with what was, is and is wanted, and an exit code") {
  Rig rig(1);
  must_apply(rig, vm("a"));
  const auto none = rig.run({"drift"});
  CHECK(none.exit_code == 0);
  CHECK(contains(none.out, "No drift."));
  only_guest(rig).options["memory"] = "3072";
  const auto told = rig.run({"drift"});
  CHECK(told.exit_code == 2);
  CHECK(contains(told.out, "vm.a memory was 1 GiB, is 3 GiB, wanted 1 GiB"));
  CHECK_FALSE(contains(told.out, "Plan:"));
  const auto json = rig.run({"drift", "--format", "json"});
  CHECK(json.exit_code == 2);
  CHECK(contains(json.out, "\"resource_drift\": [ { \"address\": \"vm.a\""));
  CHECK_FALSE(contains(json.out, "resource_changes"));
}

TEST_CASE("a disk that was grown is ours, also when the process ends at any point") {
  Rig plain(1);
  const auto grown = [] {
    auto text = vm("a");
    return text.replace(text.find("size = \"2GiB\""), 13, "size = \"3GiB\"");
  }();
  must_apply(plain, vm("a"));
  const auto check = [&grown](Rig& rig) {
    must_match(rig, grown);
    CHECK_FALSE(contains(rig.run({"plan"}).out, "Changed outside"));
    const auto drift = rig.run({"drift"});
    INFO(drift.out);
    CHECK(drift.exit_code == 0);
    CHECK(contains(only_guest(rig).options.at("scsi0"), "size=3G"));
  };
  plain.write_topology(kHead + grown);
  const auto whole = plain.run({"apply", "--auto-approve"});
  REQUIRE(whole.exit_code == 0);
  check(plain);
  for (std::uint64_t boundary = 1; boundary <= whole.boundaries; ++boundary) {
    INFO("boundary " << boundary);
    Rig rig(1);
    must_apply(rig, vm("a"));
    rig.write_topology(kHead + grown);
    sim::Conditions conditions;
    conditions.stop_before = boundary;
    rig.run({"apply", "--auto-approve"}, conditions);
    must_apply(rig, grown);
    check(rig);
  }
}

TEST_CASE("a plan that does more than --max-effect accepts is shown and refused") {
  Rig rig(1);
  must_apply(rig, vm("a"));
  rig.lab.advance(rig.world.clock.now() + std::chrono::minutes(5));
  auto text = vm("a", "restart = \"now\"");
  text.replace(text.find("cores = 2"), 9, "cores = 3");
  rig.write_topology(kHead + text + vm("b"));
  const auto refused = rig.run({"plan", "--max-effect", "live", "-o", "p.json"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out, "RESTART"));
  CHECK(contains(refused.err, "vm.a restart"));
  CHECK_FALSE(contains(refused.err, "vm.b"));
  CHECK(rig.run({"show", "p.json"}).exit_code == 1);
  CHECK(rig.run({"apply", "--auto-approve", "--max-effect", "disturb,copy"}).exit_code == 1);
  CHECK(only_guest(rig).options.at("cores") == "2");
  CHECK(rig.run({"plan", "--max-effect", "restart"}).exit_code == 0);
  CHECK(rig.run({"apply", "--auto-approve", "--max-effect", "restart"}).exit_code == 0);
  CHECK(rig.run({"plan", "--destroy", "--max-effect", "stop"}).exit_code == 1);
  CHECK(rig.run({"plan", "--destroy", "--max-effect", "stop,loss"}).exit_code == 0);
}

TEST_CASE("a guest that only has a detached volume is not destroyed without a permission") {
  Rig rig(1);
  must_apply(rig, "[vm.a]\ncores = 1\nmemory = \"1GiB\"\npower = \"stopped\"\n");
  only_guest(rig).options["unused0"] = "local-lvm:vm-200-disk-0";
  rig.write_topology(kHead + "[record.r]\n");
  const auto refused = rig.run({"apply", "--auto-approve"});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out + refused.err, "--allow data-loss=vm.a"));
  CHECK(rig.lab.world().guests.size() == 1);
}

TEST_CASE("a protected guest is not destroyed, whatever happens to its block") {
  Rig rig(1);
  must_apply(rig, vm("a", "protect = true"));
  CHECK(only_guest(rig).options.at("protection") == "1");
  for (const std::string& text : {std::string("[record.r]\n"), vm("a", "protect = true")}) {
    rig.write_topology(kHead + text);
    const std::vector<std::string> command = text.starts_with("[record")
                                                 ? std::vector<std::string>{"apply"}
                                                 : std::vector<std::string>{"destroy"};
    auto arguments = command;
    arguments.insert(arguments.end(), {"--auto-approve", "--allow", "data-loss=*"});
    const auto refused = rig.run(arguments);
    INFO(refused.out << refused.err);
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "Protected"));
    CHECK(only_guest(rig).running());
  }
  // Somebody clears the flag by hand: the state still knows.
  only_guest(rig).options.erase("protection");
  rig.write_topology(kHead + "[record.r]\n");
  CHECK(rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"}).exit_code == 1);
  must_apply(rig, vm("a", "protect = false"));
  rig.write_topology(kHead + "[record.r]\n");
  CHECK(rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"}).exit_code == 0);
  CHECK(rig.lab.world().guests.empty());
}
