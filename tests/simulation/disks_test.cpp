// Sizes that cannot be, and disks that lie beside their guest.

#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kImage =
    "[image.debian]\nstorage = \"local\"\n"
    "url = \"http://127.0.0.1:8007/images/debian-12-generic-amd64.qcow2\"\n";  // 3 GiB unpacked

std::string head() {
  return "[pveplan]\nname = \"t\"\nvmids = [\"200-299\"]\n" + Rig::connection();
}

std::string made_template(const std::string& rest = "") {
  return kImage + "[template.debian]\nimage = \"debian\"\nstorage = \"local-lvm\"\n" +
         "nodes = [\"pve\"]\n" + rest + "\n";
}

std::string clone(const std::string& rest) {
  return "[vm.a]\ntemplate = \"debian\"\nmemory = \"512MiB\"\n" + rest + "\n";
}

/// A guest with a disk called "os" and what else is said.
std::string guest(const std::string& rest) {
  return "[vm.a]\nmemory = \"512MiB\"\n[vm.a.disk]\n"
         "os = { storage = \"local-lvm\", size = \"2GiB\" }\n" +
         rest + "\n";
}

std::string data_disk(const std::string& rest) {
  return "data = { storage = \"local-lvm\", slot = \"scsi7\", " + rest + " }";
}

sim::Ended run_apply(Rig& rig, const std::string& text) {
  rig.write_topology(head() + text);
  auto ended = rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"});
  rig.let_time_pass(std::chrono::minutes(1));
  return ended;
}

void must_apply(Rig& rig, const std::string& text) {
  const auto ended = run_apply(rig, text);
  INFO(text << "\n" << ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
  const auto plan = rig.run({"plan", "--detailed-exitcode"});
  INFO(plan.out << plan.err);
  REQUIRE(plan.exit_code == 0);
}

void expect_refusal(Rig& rig, const std::string& text, const std::string& words) {
  rig.write_topology(head() + text);
  const auto ended = rig.run({"plan"});
  INFO(text << "\n" << ended.out << ended.err);
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.out + ended.err, words));
}

lab::Guest& only_guest(Rig& rig) { return rig.lab.world().guests.at(200); }

std::string option(Rig& rig, const std::string& name) {
  const auto& options = only_guest(rig).options;
  const auto at = options.find(name);
  return at == options.end() ? std::string() : at->second;
}

/// As the "Detach" button does it.
void detach(Rig& rig, const std::string& slot) {
  REQUIRE(rig.ask("PUT", "/nodes/pve/qemu/200/config", "delete=" + slot) == 200);
}

}  // namespace

TEST_CASE("a clone that would be smaller than its template refuses the plan") {
  Rig rig(GENERATE(1, 2));
  const std::string four = "disk.os.size = \"4GiB\"";
  const std::string words =
      "vm.a: disk.os is to be 2 GiB large, and template.debian[pve], whose copy it will be, has 4 "
      "GiB there.";
  const auto small = clone("disk.os.size = \"2GiB\"");
  const auto linked = clone("clone = \"linked\"\ndisk.os.size = \"2GiB\"");
  for (const auto& each : {small, linked}) expect_refusal(rig, made_template(four) + each, words);
  must_apply(rig, made_template(four));
  for (const auto& each : {small, linked}) expect_refusal(rig, made_template(four) + each, words);
  CHECK(rig.lab.world().guests.size() == 1);
  must_apply(rig, made_template(four) + clone(four));
}

TEST_CASE("a clone smaller than a template that nobody knew the size of is not begun") {
  Rig rig(1);
  const auto small = clone("disk.os.size = \"2GiB\"");
  const auto ended = run_apply(rig, made_template() + small);
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 3);
  CHECK(contains(ended.out + ended.err,
                 "disk.os of the template is 3 GiB large, and its copy cannot shrink to "
                 "2 GiB"));
  CHECK(rig.lab.world().guests.size() == 1);
  expect_refusal(rig, made_template() + small,
                 "template.debian[pve], whose copy it will be, has 3");
  must_apply(rig, made_template() + clone("disk.os.size = \"3GiB\""));
}

TEST_CASE("a guest smaller than its image says so, and is finished when it may be larger") {
  Rig rig(1);
  const auto from_image = [](const char* size) {
    return kImage + fmt::format(
                        "nodes = [\"pve\"]\n[vm.a]\nimage = \"debian\"\nmemory = \"512MiB\"\n"
                        "disk.os = {{ storage = \"local-lvm\", size = \"{}\" }}\n",
                        size);
  };
  const auto ended = run_apply(rig, from_image("2GiB"));
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 3);
  CHECK(contains(ended.out + ended.err,
                 "disk.os of vm.a came 3 GiB large, and a disk never shrinks"));
  expect_refusal(rig, from_image("2GiB"), "disk.os is 3 GiB large; a disk cannot shrink to 2 GiB");
  must_apply(rig, from_image("5GiB"));
  CHECK(rig.lab.world().guests.size() == 1);
  CHECK(only_guest(rig).running());
}

TEST_CASE("the disk of a template stays as it is, until the template is made anew") {
  Rig rig(GENERATE(1, 2));
  must_apply(rig, made_template("disk.os.size = \"4GiB\""));
  for (const char* size : {"5GiB", "3GiB"}) {
    expect_refusal(rig, made_template(fmt::format("disk.os.size = \"{}\"", size)),
                   "template.debian[pve]: disk.os is 4 GiB large, and the disk of a template stays "
                   "as it is");
  }
  must_apply(rig, made_template());  // no longer stated: it stays
  rig.write_topology(head() + made_template("disk.os.size = \"5GiB\""));
  const auto anew = rig.run(
      {"apply", "--auto-approve", "--allow", "data-loss=*", "--replace", "template.debian.pve"});
  INFO(anew.out << anew.err);
  REQUIRE(anew.exit_code == 0);
  CHECK(rig.run({"plan", "--detailed-exitcode"}).exit_code == 0);
}

TEST_CASE("a template smaller than its image is finished when it may be larger") {
  Rig rig(1);
  const auto ended = run_apply(rig, made_template("disk.os.size = \"1GiB\""));
  INFO(ended.out << ended.err);
  CHECK(ended.exit_code == 3);
  CHECK(contains(ended.out + ended.err, "disk.os of template.debian[pve] came 3 GiB large"));
  must_apply(rig, made_template("disk.os.size = \"4GiB\""));
  CHECK(option(rig, "template") == "1");
  CHECK(contains(option(rig, "scsi0"), "size=4G"));
}

TEST_CASE("a size that the storage rounds up is the one that was asked for") {
  Rig rig(GENERATE(1, 2));
  must_apply(rig, guest(data_disk("size = \"1030MiB\"")));
  must_apply(rig, guest(data_disk("size = \"1030MiB\", backup = false")));
  CHECK(contains(option(rig, "scsi7"), "size=1032M"));  // as the server looked at it
  must_apply(rig, guest(data_disk("size = \"1037MiB\", backup = false")));
  expect_refusal(rig, guest(data_disk("size = \"1GiB\"")), "a disk cannot shrink to 1 GiB");
}

TEST_CASE("a disk that somebody detached is attached again, with what is on it") {
  const std::string slot = GENERATE("scsi7", "sata2");
  const std::string disk = "data = { storage = \"local-lvm\", slot = \"" + slot + "\", size = ";
  Rig rig(GENERATE(1, 2));
  must_apply(rig, guest(disk + "\"1GiB\" }"));
  const auto volume = option(rig, slot).substr(0, option(rig, slot).find(','));
  rig.ask("POST", "/nodes/pve/qemu/200/status/stop");
  detach(rig, slot);
  REQUIRE(option(rig, "unused0") == volume);
  rig.ask("POST", "/nodes/pve/qemu/200/status/start");

  rig.write_topology(head() + guest(disk + "\"3GiB\" }"));
  const auto plan = rig.run({"plan"});
  INFO(plan.out << plan.err);
  CHECK(plan.exit_code == 0);
  const bool live = slot.starts_with("scsi");
  CHECK(contains(plan.out, live ? "attached again" : "+ disk.data.slot sata2 waits for a restart"));
  CHECK_FALSE(contains(plan.out, "LOSS"));
  REQUIRE(run_apply(rig, guest(disk + "\"3GiB\" }")).exit_code == 0);
  rig.ask("POST", "/nodes/pve/qemu/200/status/stop");
  rig.ask("POST", "/nodes/pve/qemu/200/status/start");
  must_apply(rig, guest(disk + "\"3GiB\" }"));
  CHECK(option(rig, slot).starts_with(volume + ","));
  CHECK(contains(option(rig, slot), "size=3G"));
  CHECK(option(rig, "unused0").empty());
}

TEST_CASE("a disk that was half destroyed and is wanted again comes back with what is on it") {
  Rig rig(1);
  must_apply(rig, guest(data_disk("size = \"1GiB\"")));
  const auto volume = option(rig, "scsi7").substr(0, option(rig, "scsi7").find(','));
  rig.write_topology(head() + guest(""));
  // Stopped between the detaching and the destroying.
  bool detached = false;
  for (std::uint64_t stop = 1; stop < 400 && !detached; ++stop) {
    sim::Conditions conditions;
    conditions.stop_before = stop;
    rig.run({"apply", "--auto-approve", "--allow", "data-loss=*"}, conditions);
    rig.world.crash();
    rig.let_time_pass(std::chrono::minutes(3));
    detached = option(rig, "unused0") == volume;
  }
  REQUIRE(detached);
  SECTION("it is wanted again") {
    must_apply(rig, guest(data_disk("size = \"2GiB\"")));
    CHECK(option(rig, "scsi7").starts_with(volume + ","));
    CHECK(contains(option(rig, "scsi7"), "size=2G"));
  }
  SECTION("it is not, and is destroyed") {
    must_apply(rig, guest(""));
    CHECK(option(rig, "unused0").empty());
  }
}

TEST_CASE("a disk that is kept comes back under its name, and does not go with its guest") {
  Rig rig(GENERATE(1, 2));
  const auto disk = data_disk("size = \"1GiB\", on_remove = \"keep\"");
  must_apply(rig, guest(disk));
  const auto volume = option(rig, "scsi7").substr(0, option(rig, "scsi7").find(','));
  must_apply(rig, guest(""));
  CHECK(option(rig, "unused0") == volume);
  expect_refusal(rig, "[record.r]\n", "vm.a: disk.data is to be kept");
  must_apply(rig, guest(data_disk("size = \"3GiB\", on_remove = \"keep\"")));
  CHECK(option(rig, "scsi7").starts_with(volume + ","));
  CHECK(contains(option(rig, "scsi7"), "size=3G"));
}

TEST_CASE("a protected guest keeps its disks") {
  Rig rig(GENERATE(1, 2));
  const std::string is =
      "[vm.a]\nprotect = true\nmemory = \"512MiB\"\n[vm.a.disk]\n"
      "os = { storage = \"local-lvm\", size = \"2GiB\" }\n";
  const auto disk = data_disk("size = \"1GiB\"") + "\n";
  must_apply(rig, is + disk);
  expect_refusal(rig, is, "vm.a: disk.data would be removed, and the guest is protected");
  expect_refusal(rig, guest(""), "disk.data would be removed, and the guest is protected");
  must_apply(rig,
             "[vm.a]\nprotect = false\nmemory = \"512MiB\"\n[vm.a.disk]\n"
             "os = { storage = \"local-lvm\", size = \"2GiB\" }\n" +
                 disk);
  expect_refusal(rig, is, "disk.data would be removed, and the guest is to be protected");
  must_apply(rig, guest(""));
  CHECK(option(rig, "scsi7").empty());
}

TEST_CASE("a disk that no running guest lets go is destroyed when the guest was restarted") {
  Rig rig(GENERATE(1, 2));
  const std::string disk =
      "data = { storage = \"local-lvm\", slot = \"sata2\", size = \"1GiB\" }\n";
  const std::string at_once =
      "[vm.a]\nmemory = \"512MiB\"\nrestart = \"now\"\n[vm.a.disk]\n"
      "os = { storage = \"local-lvm\", size = \"2GiB\" }\n";
  const auto gone = [&] {
    return rig.lab.world().storage.volumes.at("local-lvm").at("pve").size() == 1;
  };
  must_apply(rig, guest(disk));
  const auto volume = option(rig, "sata2").substr(0, option(rig, "sata2").find(','));
  SECTION("by the same plan, where it may restart") {
    must_apply(rig, at_once);
    CHECK(gone());
    CHECK(only_guest(rig).running());
  }
  SECTION("by a later one, where somebody else restarts it") {
    rig.write_topology(head() + guest(""));
    const auto plan = rig.run({"plan"});
    INFO(plan.out << plan.err);
    CHECK(contains(plan.out, "destroy the volume of disk.data after the next start"));
    must_apply(rig, guest(""));
    CHECK_FALSE(gone());
    rig.ask("POST", "/nodes/pve/qemu/200/status/stop");
    rig.ask("POST", "/nodes/pve/qemu/200/status/start");
    CHECK(contains(rig.run({"plan"}).out, "destroys data"));
    must_apply(rig, guest(""));
    CHECK(gone());
  }
  SECTION("unless it is wanted again") {
    must_apply(rig, guest(""));
    must_apply(rig, guest(disk));
    CHECK(option(rig, "sata2").starts_with(volume + ","));
    CHECK_FALSE(gone());
  }
}
