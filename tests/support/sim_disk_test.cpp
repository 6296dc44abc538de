#include "tests/support/catch.hpp"
#include "tests/support/sim_host.hpp"

#include <cerrno>
#include <set>
#include <string>

namespace pveplan::sim {
namespace {

const std::string kFolder = "/home/tester/topology";

class DiskFixture {
 public:
  explicit DiskFixture(std::uint64_t seed = 1)
      : world(seed), control(world.trace), files(world.disk, control, world.draws, kFolder) {
    world.disk.place(kFolder + "/pveplan.toml", "");
  }
  SimWorld world;
  SimControl control;
  SimFiles files;
};

/// What a journal holds after "durable" was synced, "-unsynced" was not, and the power went.
std::string after_power_loss(std::uint64_t seed) {
  DiskFixture fixture(seed);
  auto journal = fixture.files.open_append("journal", 0600);
  REQUIRE(journal);
  REQUIRE((*journal)->append("durable"));
  REQUIRE((*journal)->sync());
  REQUIRE(fixture.files.sync_directory("."));
  REQUIRE((*journal)->append("-unsynced"));
  fixture.world.crash(Crash::power_lost);
  return fixture.world.disk.content(kFolder + "/journal").value_or("absent");
}

/// The snapshot after it was replaced by way of a temporary file, with or without the last sync.
std::string after_replacement(std::uint64_t seed, bool sync_directory) {
  DiskFixture fixture(seed);
  fixture.world.disk.place(kFolder + "/state", "old");
  REQUIRE(fixture.files.write("state.new", "new", 0600));
  REQUIRE(fixture.files.sync_file("state.new"));
  REQUIRE(fixture.files.rename("state.new", "state"));
  if (sync_directory) REQUIRE(fixture.files.sync_directory(kFolder));
  fixture.world.crash(Crash::power_lost);
  return fixture.world.disk.content(kFolder + "/state").value_or("absent");
}

std::set<std::string> over_seeds(auto outcome) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) outcomes.insert(outcome(seed));
  return outcomes;
}

}  // namespace

TEST_CASE("a power loss cuts unsynced appends at any byte and never what was synced") {
  std::set<std::string> expected;
  const std::string full = "durable-unsynced";
  for (std::size_t size = 7; size <= full.size(); ++size) expected.insert(full.substr(0, size));
  CHECK(over_seeds(after_power_loss) == expected);
}

TEST_CASE("a rename may be lost until the folder is synced, and is whole either way") {
  const auto unsynced = over_seeds([](auto seed) { return after_replacement(seed, false); });
  CHECK(unsynced == std::set<std::string>{"old", "new"});
  const auto synced = over_seeds([](auto seed) { return after_replacement(seed, true); });
  CHECK(synced == std::set<std::string>{"new"});
}

TEST_CASE("a file that was never synced may vanish, be empty or be torn") {
  const auto outcomes = over_seeds([](std::uint64_t seed) {
    DiskFixture fixture(seed);
    REQUIRE(fixture.files.write("plan", "ab", 0600));
    fixture.world.crash(Crash::power_lost);
    return fixture.world.disk.content(kFolder + "/plan").value_or("absent");
  });
  CHECK(outcomes == std::set<std::string>{"absent", "", "a", "ab"});
}

TEST_CASE("writing over a file without a temporary one may leave the old, nothing or a part") {
  const auto outcomes = over_seeds([](std::uint64_t seed) {
    DiskFixture fixture(seed);
    fixture.world.disk.place(kFolder + "/state", "old");
    REQUIRE(fixture.files.write("state", "ne", 0600));
    fixture.world.crash(Crash::power_lost);
    return fixture.world.disk.content(kFolder + "/state").value_or("absent");
  });
  CHECK(outcomes == std::set<std::string>{"old", "", "n", "ne"});
}

TEST_CASE("a killed process loses nothing that it wrote, and its locks") {
  DiskFixture fixture;
  auto lock = fixture.files.try_lock("lock");
  REQUIRE(lock);
  REQUIRE(*lock);
  REQUIRE(fixture.files.write("plan", "text", 0600));
  fixture.world.crash(Crash::process_killed);
  CHECK(fixture.world.disk.content(kFolder + "/plan") == "text");
  auto again = fixture.files.try_lock("lock");
  REQUIRE(again);
  CHECK(*again);
}

TEST_CASE("a lock keeps a second process out until the first one lets go") {
  DiskFixture fixture;
  SimControl other_control(fixture.world.trace);
  SimFiles other(fixture.world.disk, other_control, fixture.world.draws, kFolder);
  auto first = fixture.files.try_lock("lock");
  REQUIRE(first);
  auto second = other.try_lock("lock");
  REQUIRE(second);
  CHECK_FALSE(*second);
  first->reset();
  second = other.try_lock("lock");
  REQUIRE(second);
  CHECK(*second);
}

TEST_CASE("what a failed sync covered is not durable after a later good one") {
  DiskFixture fixture;
  auto journal = fixture.files.open_append("journal", 0600);
  REQUIRE((*journal)->append("good"));
  REQUIRE((*journal)->sync());
  REQUIRE(fixture.files.sync_directory(kFolder));
  REQUIRE((*journal)->append("lost"));
  SimFileFault fault(EIO);
  fault.operation = "sync";
  fixture.files.fail(fault);
  const auto failed = (*journal)->sync();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == EIO);
  CHECK(failed.error().text() == "cannot sync '" + kFolder + "/journal': Input/output error");
  REQUIRE((*journal)->append("more"));
  fixture.world.crash(Crash::power_lost);
  const auto content = fixture.world.disk.content(kFolder + "/journal");
  REQUIRE(content);
  CHECK(content->substr(0, 8) == std::string("good\0\0\0\0", 8));
}

TEST_CASE("a full disk takes a part of an append, but all of what was reserved") {
  DiskFixture fixture;
  auto journal = fixture.files.open_append("journal", 0600);
  fixture.world.disk.set_capacity(10);
  REQUIRE((*journal)->preallocate(8));
  REQUIRE(fixture.files.write("other", "ab", 0600));
  CHECK(fixture.files.write("more", "c", 0600).error().code == ENOSPC);
  CHECK((*journal)->append("12345678"));
  CHECK((*journal)->append("9").error().code == ENOSPC);
  CHECK((*journal)->preallocate(1).error().code == ENOSPC);
  CHECK(fixture.files.read("journal") == "12345678");
}

TEST_CASE("the k-th call fails, once or from then on") {
  DiskFixture fixture;
  fixture.files.fail(SimFileFault(ENOSPC, 3));
  REQUIRE(fixture.files.write("a", "1", 0600));
  CHECK(fixture.files.read("a"));
  CHECK(fixture.files.read("a").error().code == ENOSPC);
  CHECK(fixture.files.read("a"));
  SimFileFault broken(EIO, 2);
  broken.operation = "read";
  broken.path_part = "/a";
  broken.from_then_on = true;
  fixture.files.fail(broken);
  CHECK(fixture.files.read("a"));
  CHECK_FALSE(fixture.files.read("a"));
  CHECK_FALSE(fixture.files.read("a"));
  CHECK(fixture.files.exists("a"));
}

TEST_CASE("files and folders answer as a real file system does") {
  DiskFixture fixture;
  SimFiles& files = fixture.files;
  CHECK(files.read("absent").error().code == ENOENT);
  CHECK(files.write("no/such/folder", "", 0600).error().code == ENOENT);
  CHECK(files.make_directories("a/b/c", 0700));
  CHECK(files.write("a/b/c/file", "text", 0600));
  CHECK(files.make_directories("a/b/c/file", 0700).error().code == ENOTDIR);
  CHECK(files.read("a/b").error().code == EISDIR);
  CHECK(files.list("a") == std::vector<std::string>{"b"});
  CHECK(files.list(".") == std::vector<std::string>{"a", "pveplan.toml"});
  CHECK(files.size("./a/b/c/file") == 4u);
  CHECK(files.remove("a/b/c/file"));
  CHECK_FALSE(files.exists("a/b/c/file"));
  CHECK(files.remove("a/b/c/file").error().code == ENOENT);
}

}  // namespace pveplan::sim
