// The store on the file system of this machine: what the simulated disk takes for granted.
#include "providers/async/real_files.hpp"
#include "state/local_store.hpp"
#include "state/secret_key.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sim_host.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace pveplan;
using namespace pveplan::state;
using samples::address;
namespace fs = std::filesystem;

namespace {

/// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "pveplan-state-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(const std::string& below) const { return path_ + "/" + below; }

 private:
  std::string path_;
};

struct Machine {
  Folder folder;
  async::RealFiles files;
  sim::SimWorld world{1};
  sim::SimHost host{world};
  LocalStore store{files,  host.random, world.clock, host.environment, folder.path(".pveplan/lab"),
                   "0.1.0"};

  fs::perms mode(const std::string& name) const {
    return fs::status(folder.path(".pveplan/lab" + name)).permissions();
  }
};

void make_guest(Session& session, const std::string& name) {
  const auto id = session.open_intent(samples::intent(0, name));
  REQUIRE(id);
  REQUIRE(session.flush());
  REQUIRE(session.outcome({*id}, model::Outcome{address(name), samples::guest(name, 101)}));
  REQUIRE(session.flush());
}

}  // namespace

TEST_CASE("runs on a real disk leave the state that they had in memory") {
  Machine machine;
  for (const auto* name : {"vm.a", "vm.b", "vm.c"}) {
    auto session = machine.store.lock("apply");
    REQUIRE(session);
    REQUIRE((*session)->begin_run({"lab", "AA:BB", "home"}));
    make_guest(**session, name);
    CHECK(machine.store.load()->state == (*session)->state());
    if (std::string(name) != "vm.b") REQUIRE((*session)->finish());
    CHECK(machine.store.load()->state.rows == (*session)->state().rows);
  }
  CHECK(machine.store.load()->state.rows.size() == 3);
}

TEST_CASE("folders and files on a real disk are for the owner only") {
  Machine machine;
  for (const auto* name : {"vm.a", "vm.b"}) {
    auto session = machine.store.lock("apply");
    REQUIRE((*session)->begin_run({"lab", "AA:BB", "home"}));
    make_guest(**session, name);
    REQUIRE((*session)->finish());
  }
  constexpr auto kFile = fs::perms::owner_read | fs::perms::owner_write;
  for (const auto* name : {"/state.json", "/journal", "/lock", "/backups/2.json"}) {
    INFO(name);
    CHECK(machine.mode(name) == kFile);
  }
  for (const auto* name : {"", "/backups", "/.."}) {
    INFO(name);
    CHECK(machine.mode(name) == fs::perms::owner_all);
  }
}

TEST_CASE("two sessions on a real disk exclude each other until the first has gone") {
  Machine machine;
  auto first = machine.store.lock("apply");
  REQUIRE(first);
  const auto second = machine.store.lock("destroy");
  REQUIRE_FALSE(second);
  CHECK(second.error().detail.find("tester@workstation runs `apply`") != std::string::npos);
  first->reset();
  CHECK(machine.store.lock("destroy").has_value());
}

TEST_CASE("a secret key on a real disk is for the owner only and stays") {
  Machine machine;
  const auto path = machine.folder.path("config/pveplan/secret.key");
  const auto made = SecretKey::read_or_make(machine.files, machine.host.random, path);
  REQUIRE(made);
  const auto again = SecretKey::read(machine.files, path);
  REQUIRE((again && *again));
  CHECK((*again)->digest("x") == made->digest("x"));
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}
