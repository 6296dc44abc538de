#include "state/local_store.hpp"

#include "tests/state/history.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <string>

using namespace pveplan;
using namespace pveplan::state;
using samples::address;

namespace {

const RunOrigin kOrigin{"lab", "AA:BB", "home"};

/// One process on a machine of its own.
struct Machine {
  sim::SimWorld world{7};
  sim::SimHost host{world};
  LocalStore store;

  explicit Machine(StoreLimits limits = {}) : store(store_on(host, limits)) { make_home(world); }
  std::string file(const std::string& name) const {
    return world.disk.content(kAbsolute + "/" + name).value_or("(absent)");
  }
  std::unique_ptr<Session> run(const std::string& operation = "apply") {
    auto session = store.lock(operation);
    REQUIRE(session);
    REQUIRE((*session)->begin_run(kOrigin));
    return std::move(*session);
  }
};

void create(Session& session, const std::string& name, int vmid) {
  const auto id = session.open_intent(samples::intent(0, name));
  REQUIRE(id);
  REQUIRE(session.started(*id, "UPID:x"));
  REQUIRE(session.outcome({*id}, model::Outcome{address(name), samples::guest(name, vmid)}));
}

}  // namespace

TEST_CASE("before the first run there is an empty state, and looking leaves nothing behind") {
  Machine machine;
  const auto loaded = machine.store.load();
  REQUIRE(loaded);
  CHECK_FALSE(loaded->exists);
  CHECK(loaded->state == StateFile());
  CHECK(machine.world.disk.find(kAbsolute) == nullptr);
}

TEST_CASE("what a run did is there for the next one") {
  Machine machine;
  auto session = machine.run();
  CHECK_FALSE(session->existed());
  create(*session, "vm.a", 101);
  create(*session, "vm.b", 102);
  REQUIRE(session->outcome({}, model::Outcome{address("vm.b"), std::nullopt, {102}}));
  REQUIRE(session->finish());

  const auto loaded = machine.store.load();
  REQUIRE(loaded);
  CHECK(loaded->warnings.empty());
  CHECK(loaded->state == session->state());
  CHECK(loaded->state.topology == "lab");
  CHECK(loaded->state.lineage.size() == 32);
  CHECK(loaded->state.serial == 7);
  CHECK(loaded->state.rows.size() == 1);
  CHECK(loaded->state.retired_vmids == std::set<std::int64_t>{102});
}

TEST_CASE("files are for the owner only") {
  Machine machine;
  auto session = machine.run();
  create(*session, "vm.a", 101);
  REQUIRE(session->finish());
  auto second = machine.run();
  create(*second, "vm.b", 102);
  REQUIRE(second->finish());
  for (const auto* name : {"/state.json", "/journal", "/backups/3.json"}) {
    INFO(name);
    CHECK(machine.world.disk.find(kAbsolute + name)->mode == 0600);
  }
  for (const auto* name : {"", "/backups"}) {
    CHECK(machine.world.disk.find(kAbsolute + name)->mode == 0700);
  }
}

TEST_CASE("a plan sees the open intents of a run that has not ended") {
  Machine machine;
  auto session = machine.run();
  const auto id = session->open_intent(samples::intent(0, "vm.a"));
  REQUIRE(id);
  REQUIRE(session->started(*id, "UPID:x"));

  const auto loaded = machine.store.load();
  REQUIRE(loaded);
  REQUIRE(loaded->state.open_intents.contains(*id));
  CHECK(loaded->state.open_intents.at(*id).upid == "UPID:x");
  CHECK(loaded->state == session->state());
}

TEST_CASE("open intents outlive the run and are settled by a later one") {
  Machine machine;
  auto first = machine.run();
  const auto id = first->open_intent(samples::intent(0, "vm.a"));
  REQUIRE(id);
  REQUIRE(first->finish());
  CHECK(machine.file("state.json").find("\"open_intents\":[\n{") != std::string::npos);

  auto second = machine.run();
  REQUIRE(second->open_intents().size() == 1);
  CHECK(second->open_intents().at(*id) == samples::intent(*id, "vm.a"));
  REQUIRE(second->resolved(*id, "found with our marker",
                           model::Outcome{address("vm.a"), samples::guest("vm.a", 101)}));
  REQUIRE(second->finish());
  const auto loaded = machine.store.load();
  CHECK(loaded->state.open_intents.empty());
  CHECK(loaded->state.row(address("vm.a")) != nullptr);
}

TEST_CASE("a run that changes nothing leaves the snapshot and makes no backup") {
  Machine machine;
  auto first = machine.run();
  create(*first, "vm.a", 101);
  REQUIRE(first->finish());
  const auto before = machine.file("state.json");
  for (int i = 0; i < 3; ++i) REQUIRE(machine.run()->finish());
  CHECK(machine.file("state.json") == before);
  CHECK(machine.world.disk.list(kAbsolute + "/backups").empty());
}

TEST_CASE("ten generations of backups are kept, each a state that reads back") {
  Machine machine;
  for (int i = 0; i < 13; ++i) {
    auto session = machine.run();
    create(*session, "vm.a" + std::to_string(i), 100 + i);
    REQUIRE(session->finish());
  }
  const auto names = machine.world.disk.list(kAbsolute + "/backups");
  CHECK(names == std::vector<std::string>{"12.json", "15.json", "18.json", "21.json", "24.json",
                                          "27.json", "30.json", "33.json", "36.json", "9.json"});
}

TEST_CASE("the second session is refused and told who holds the lock") {
  Machine machine;
  auto session = machine.run("apply");
  sim::SimHost other(machine.world);
  const auto refused = store_on(other).lock("destroy");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().summary == "State is locked");
  const auto& detail = refused.error().detail;
  INFO(detail);
  CHECK(detail.find("tester@workstation runs `apply` since 2026-01-01T00:00:00Z (0 min ago) as process " +
                    std::to_string(machine.host.environment.pid)) != std::string::npos);
  REQUIRE(session->finish());
  CHECK(store_on(other).lock("destroy"));
}

TEST_CASE("the lock of a process that died does not stop the next one") {
  Machine machine;
  auto session = machine.run();
  session.reset();
  CHECK(machine.file("lock").find("\"Operation\":\"apply\"") != std::string::npos);
  REQUIRE(machine.store.lock("apply").has_value());
  REQUIRE(machine.run()->finish());
  CHECK(machine.file("lock").empty());
}

TEST_CASE("a run refuses the state of another topology or cluster") {
  Machine machine;
  auto session = machine.run();
  REQUIRE(session->finish());
  auto other = machine.store.lock("apply");
  REQUIRE(other);
  CHECK((*other)->begin_run({"lab", "CC:DD", ""}).error().summary == "State of another cluster");
  CHECK((*other)->begin_run({"web", "AA:BB", ""}).error().summary == "State of another topology");
  CHECK((*other)->begin_run({"lab", "", ""}));
}

TEST_CASE("a state that began without a cluster takes the first one that it sees") {
  Machine machine;
  auto first = machine.store.lock("apply");
  REQUIRE((*first)->begin_run({"lab", "none", ""}));
  REQUIRE((*first)->finish());
  first->reset();
  REQUIRE(machine.run()->finish());
  CHECK(machine.store.load()->state.cluster == "AA:BB");
  CHECK(machine.store.load()->state.cluster_name == "home");
}

TEST_CASE("an edit changes rows, ids and cluster, and only what differs") {
  Machine machine;
  auto session = machine.run();
  create(*session, "vm.a", 101);
  create(*session, "vm.b", 102);
  auto wanted = session->state();
  auto row = wanted.rows.extract(address("vm.a"));
  row.key() = address("vm.c");
  row.mapped().address = address("vm.c");
  wanted.rows.insert(std::move(row));
  wanted.cluster = "CC:DD";
  wanted.retired_vmids = {7};
  const auto serial = session->state().serial;
  REQUIRE(session->edit("mv vm.a vm.c", wanted));
  CHECK(session->state().serial == serial + 1);
  CHECK(session->state().rows == wanted.rows);
  CHECK(session->state().cluster == "CC:DD");
  REQUIRE(session->edit("nothing new", session->state()));
  CHECK(session->state().serial == serial + 1);
  wanted.retired_vmids = {};
  REQUIRE(session->edit("the id is free again", wanted));
  REQUIRE(session->finish());
  CHECK(machine.store.load()->state == session->state());
  CHECK(session->state().retired_vmids.empty());
}

TEST_CASE("an outcome for an intent that is not open is refused and changes nothing") {
  Machine machine;
  auto session = machine.run();
  const auto before = session->state();
  CHECK_FALSE(session->outcome({1}, model::Outcome{address("vm.a"), std::nullopt}));
  CHECK_FALSE(session->started(1, "UPID:x"));
  CHECK(session->state() == before);
  create(*session, "vm.a", 101);
  REQUIRE(session->finish());
}

TEST_CASE("a large journal is absorbed while the run goes on") {
  Machine machine(StoreLimits{4000, 10});
  auto session = machine.run();
  for (int i = 0; i < 40; ++i) {
    create(*session, "vm.a" + std::to_string(i), 100 + i);
    REQUIRE(session->flush());
    REQUIRE(machine.store.load()->state.rows == session->state().rows);
  }
  CHECK(machine.file("journal").size() < machine.file("state.json").size() + 4000);
  CHECK(machine.file("state.json").find("vm.a10") != std::string::npos);
  REQUIRE(session->finish());
  CHECK(machine.store.load()->state == session->state());
}
