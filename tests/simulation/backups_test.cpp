// What of lost data a backup holds: told where something is lost, and asked for nowhere else.
#include "tests/simulation/rig.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace pveplan;
using sim::contains;
using sim::Rig;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\nvmids = [\"200-209\"]\n" + Rig::connection();
const std::string kGuest =
    "[vm.a]\nmemory = \"512MiB\"\n"
    "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n"
    "disk.data = { storage = \"local-lvm\", size = \"2GiB\", backup = false }\n";

/// A file as vzdump leaves it.
void add_backup(Rig& rig, const std::string& stamp, std::int64_t created, int guest = 200) {
  lab::Volume volume;
  volume.content = "backup";
  volume.format = "vma.zst";
  volume.size = volume.used = 1 << 20;
  volume.guest = guest;
  volume.created = created;
  rig.lab.world().storage.volumes["local"]["pve"].insert_or_assign(
      fmt::format("backup/vzdump-qemu-{}-{}.vma.zst", guest, stamp), volume);
}

std::size_t reads(const Rig& rig, const std::string& part) {
  const auto all = rig.requests();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& each) {
    return each.find(part) != std::string::npos;
  }));
}

struct BackupFixture {
  Rig rig{1};
  BackupFixture() {
    rig.write_topology(kHead + kGuest);
    const auto made = rig.run({"apply", "--auto-approve"});
    INFO(made.out << made.err);
    REQUIRE(made.exit_code == 0);
    rig.world.clock.pass(std::chrono::minutes(2));
    rig.lab.advance(rig.world.clock.now());
  }
};

}  // namespace

TEST_CASE_METHOD(BackupFixture, "a destroy tells the steps and the last backup, in every format") {
  add_backup(rig, "2026_11_05-03_00_00", 1'793'847'600);
  add_backup(rig, "2026_11_12-03_00_00", 1'794'452'400);
  add_backup(rig, "2026_11_19-03_00_00", 1'795'057'200, 201);  // of another guest
  const auto text = rig.run({"plan", "--destroy"});
  INFO(text.out << text.err);
  CHECK(contains(text.out, "steps stop (shut down within 60 s, else stopped hard), delete"));
  CHECK(contains(text.out,
                 "backup 2026-11-12 03:00 UTC on local (pve); covers disk.os, NOT disk.data "
                 "(excluded: backup = false)"));
  const auto markdown = rig.run({"plan", "--destroy", "--format", "markdown"});
  CHECK(contains(markdown.out, "Last backup: `2026-11-12 03:00 UTC on local (pve); covers"));
  const auto json = rig.run({"plan", "--destroy", "--format", "json"});
  CHECK(contains(json.out, "\"taken_at\": 1794452400"));
  CHECK(contains(json.out, "\"leaves_out\": [ \"disk.data (excluded: backup = false)\" ]"));
  CHECK(contains(json.out, "\"brief\": \"stop (shut down within 60 s, else stopped hard)\""));
}

TEST_CASE_METHOD(BackupFixture, "that there is no backup is said, with where it was looked for") {
  const auto text = rig.run({"plan", "--destroy"});
  INFO(text.out << text.err);
  CHECK(contains(text.out, "backup none on local (pve)"));
}

TEST_CASE_METHOD(BackupFixture, "backups are listed only where data is lost, and counted apart") {
  const auto before = reads(rig, "/storage/local/content");
  rig.run({"plan"});
  rig.write_topology(kHead + kGuest + "cores = 2\n");
  CHECK(contains(rig.run({"plan"}).out, "1 to change"));
  CHECK(reads(rig, "/storage/local/content") == before);
  add_backup(rig, "2026_11_12-03_00_00", 1'794'452'400);
  const auto text = rig.run({"plan", "--destroy"});
  INFO(text.out);
  CHECK(reads(rig, "/storage/local/content") == before + 1);
  // Listing, state and snapshots of the guest, and once more the guest itself.
  CHECK(contains(text.out, "+ 4), writes"));
}

TEST_CASE_METHOD(BackupFixture, "a disk that leaves tells of the backup of that disk alone") {
  add_backup(rig, "2026_11_12-03_00_00", 1'794'452'400);
  rig.write_topology(kHead + kGuest.substr(0, kGuest.find("disk.data")));
  const auto text = rig.run({"plan"});
  INFO(text.out << text.err);
  CHECK(contains(text.out, "backup 2026-11-12 03:00 UTC on local (pve); NOT disk.data"));
  CHECK_FALSE(contains(text.out, "covers disk.os"));
}

TEST_CASE("a token that may not see backups is told so, never that there are none") {
  Rig rig(GENERATE(1, 2));
  rig.write_topology(kHead + kGuest);
  const auto made = rig.run_as_deployer({"apply", "--auto-approve"});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == 0);
  add_backup(rig, "2026_11_12-03_00_00", 1'794'452'400);
  rig.deployer_privileges().erase("VM.Backup");
  rig.deployer_privileges().erase("Datastore.Allocate");
  const auto hidden = rig.run_as_deployer({"plan", "--destroy"});
  INFO(hidden.out << hidden.err);
  CHECK(contains(hidden.out,
                 "backup none visible on local (pve): the token lacks VM.Backup on "
                 "/vms/200"));
  rig.deployer_privileges().insert("VM.Backup");
  CHECK(contains(rig.run_as_deployer({"plan", "--destroy"}).out, "covers disk.os"));
}

TEST_CASE_METHOD(BackupFixture,
                 "a storage that cannot be listed is told, with the server's words") {
  lab::Fault refusal;
  refusal.kind = lab::FaultKind::status;
  refusal.method = "GET";
  refusal.path = "/nodes/pve/storage/local/content";
  refusal.status = 500;
  refusal.text = "storage 'local' is not online";
  rig.lab.world().faults.push_back(refusal);
  const auto text = rig.run({"plan", "--destroy"});
  INFO(text.out << text.err);
  CHECK(contains(text.out, "none visible: local (pve) cannot be listed: storage 'local' is not"));
}

TEST_CASE_METHOD(BackupFixture, "a backup taken after the review does not make the plan stale") {
  REQUIRE(rig.run({"plan", "--destroy", "-o", "p.json", "--allow", "data-loss=vm.a"}).exit_code ==
          0);
  add_backup(rig, "2026_11_12-03_00_00", 1'794'452'400);
  const auto before = reads(rig, "/storage/local/content");
  CHECK(rig.run({"apply", "p.json"}).exit_code == 0);
  CHECK(reads(rig, "/storage/local/content") == before);
}

TEST_CASE_METHOD(BackupFixture, "all attributes are shown where they are asked for") {
  rig.write_topology(kHead + kGuest + "cores = 2\n");
  const auto brief = rig.run({"plan"});
  CHECK_FALSE(contains(brief.out, "disk.os.size"));
  CHECK_FALSE(contains(brief.out, "steps"));
  const auto all = rig.run({"plan", "--all-attributes"});
  INFO(all.out << all.err);
  CHECK(contains(all.out, "disk.os.size 1 GiB"));
  CHECK(contains(all.out, "disk.data.backup false"));
  CHECK(contains(all.out, "steps configure"));
  CHECK(rig.run({"plan", "-o", "p.json"}).exit_code == 0);
  CHECK(contains(rig.run({"show", "p.json", "--all-attributes"}).out, "disk.os.size 1 GiB"));
  const auto gone = rig.run({"plan", "--destroy", "--all-attributes"});
  CHECK(contains(gone.out, "- disk.os.size 1 GiB"));
}
