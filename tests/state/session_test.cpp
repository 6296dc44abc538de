// Durability as the engine meets it: waiters on the loop, full and failing disks.
#include "state/session.hpp"

#include "providers/async/all_settled.hpp"
#include "tests/state/history.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

using namespace pveplan;
using namespace pveplan::state;
using samples::address;

namespace {

struct Machine {
  sim::SimWorld world{11};
  sim::SimHost host{world};
  std::unique_ptr<Session> session;

  Machine() {
    make_home(world);
    auto locked = store_on(host).lock("apply");
    REQUIRE(locked);
    session = std::move(*locked);
    REQUIRE(session->begin_run({"lab", "AA:BB", "home"}));
    session->attach(host.loop);
    world.trace.keep_lines();
  }
  std::size_t syncs_of_journal() const {
    const auto& lines = world.trace.lines();
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
      return line.find("file sync " + kAbsolute + "/journal ") != std::string::npos;
    }));
  }
  void fail(int code, const std::string& operation, bool from_then_on = false) {
    sim::SimFileFault fault(code);
    fault.operation = operation;
    fault.path_part = "/journal";
    fault.from_then_on = from_then_on;
    host.files.fail(fault);
  }
};

async::Task<bool> make_guest(Session& session, std::string name) {
  const auto id = session.open_intent(samples::intent(0, name));
  if (!id) co_return false;
  const auto sent = co_await session.durable();
  if (!sent) co_return false;
  const std::vector<IntentId> closes(1, *id);
  model::Outcome outcome;
  outcome.address = address(name);
  outcome.row = samples::guest(name, 101);
  if (!session.outcome(closes, outcome)) co_return false;
  const auto saved = co_await session.durable();
  co_return saved.has_value();
}

async::Task<std::size_t> make_guests(Session& session, int count) {
  std::vector<async::Task<bool>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(make_guest(session, fmt::format("vm.n{}", i)));
  const auto done = co_await async::all_settled(std::move(tasks));
  co_return static_cast<std::size_t>(std::count(done.begin(), done.end(), true));
}

}  // namespace

TEST_CASE("one sync covers all who wait in a turn of the loop") {
  Machine machine;
  CHECK(machine.host.loop.run(make_guests(*machine.session, 100)) == 100);
  CHECK(machine.syncs_of_journal() == 2);
  CHECK(machine.session->state().rows.size() == 100);
}

TEST_CASE("waiting for nothing new costs no sync") {
  Machine machine;
  CHECK(machine.host.loop.run(machine.session->durable()).has_value());
  CHECK(machine.syncs_of_journal() == 0);
}

TEST_CASE("a failed sync is told to all who wait, and never taken back") {
  Machine machine;
  machine.fail(EIO, "sync");
  CHECK(machine.host.loop.run(make_guests(*machine.session, 3)) == 0);
  const auto again = machine.host.loop.run(machine.session->durable());
  REQUIRE_FALSE(again);
  CHECK(again.error().summary == "State cannot be written");
  CHECK(again.error().detail.find("Input/output error") != std::string::npos);
  CHECK_FALSE(machine.session->flush());
  CHECK_FALSE(machine.session->open_intent(samples::intent(0, "vm.late")));
  CHECK(machine.syncs_of_journal() == 1);
}

TEST_CASE("after a failed sync a new snapshot saves what is in memory") {
  Machine machine;
  const auto id = machine.session->open_intent(samples::intent(0, "vm.a"));
  REQUIRE(machine.session->flush());
  machine.fail(EIO, "sync");
  REQUIRE(
      machine.session->outcome({*id}, model::Outcome{address("vm.a"), samples::guest("vm.a", 1)}));
  REQUIRE_FALSE(machine.session->flush());
  REQUIRE(machine.session->finish());
  const auto expected = machine.session->state();
  machine.session.reset();
  machine.world.crash(sim::Crash::power_lost);
  sim::SimHost next(machine.world);
  CHECK(store_on(next).load()->state == expected);
}

TEST_CASE("a loss of power after a failed sync leaves a state that can be read") {
  Machine machine;
  const auto first = machine.session->open_intent(samples::intent(0, "vm.a"));
  const auto second = machine.session->open_intent(samples::intent(0, "vm.b"));
  REQUIRE(machine.session->flush());
  const auto before = machine.session->state();
  machine.fail(EIO, "sync");
  REQUIRE(machine.session->outcome({*first},
                                   model::Outcome{address("vm.a"), samples::guest("vm.a", 1)}));
  REQUIRE_FALSE(machine.session->flush());
  // What was in flight still ends, and there is nowhere to write it.
  CHECK_FALSE(machine.session->outcome({*second},
                                       model::Outcome{address("vm.b"), samples::guest("vm.b", 2)}));
  machine.world.crash(sim::Crash::power_lost);
  sim::SimHost next(machine.world);
  const auto loaded = store_on(next).load();
  INFO((loaded ? std::string() : loaded.error().detail));
  REQUIRE(loaded);
  CHECK(loaded->state == before);
}

TEST_CASE("a full disk takes no new intents, but the outcomes of those in flight") {
  Machine machine;
  const auto id = machine.session->open_intent(samples::intent(0, "vm.a"));
  REQUIRE(machine.session->flush());
  machine.world.disk.set_capacity(0);
  std::size_t taken = 0;
  while (machine.session->open_intent(samples::intent(0, "vm.more"))) ++taken;
  INFO("intents that still had room: " << taken);
  CHECK(taken < 100);

  REQUIRE(machine.session->started(*id, "UPID:x"));
  REQUIRE(
      machine.session->outcome({*id}, model::Outcome{address("vm.a"), samples::guest("vm.a", 1)}));
  for (const auto& [open, intent] : std::map(machine.session->open_intents())) {
    REQUIRE(machine.session->outcome({open}, model::Outcome{address("vm.more"), std::nullopt}));
  }
  REQUIRE(machine.session->flush());
  const auto finished = machine.session->finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().detail.find("No space left on device") != std::string::npos);
  CHECK(finished.error().detail.find("Nothing is lost") != std::string::npos);

  const auto expected = machine.session->state();
  machine.session.reset();
  machine.world.crash(sim::Crash::power_lost);
  sim::SimHost next(machine.world);
  CHECK(store_on(next).load()->state.rows == expected.rows);
}

TEST_CASE("a disk that cannot preallocate works all the same") {
  Machine machine;
  machine.fail(EOPNOTSUPP, "preallocate", true);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(machine.session->open_intent(samples::intent(0, fmt::format("vm.n{}", i))));
  }
  REQUIRE(machine.session->finish());
}

TEST_CASE("nothing is appended behind a torn record") {
  Machine machine;
  const auto id = machine.session->open_intent(samples::intent(0, "vm.a"));
  REQUIRE(machine.session->flush());
  machine.fail(EIO, "append");
  CHECK_FALSE(machine.session->started(*id, "UPID:x"));
  CHECK_FALSE(
      machine.session->outcome({*id}, model::Outcome{address("vm.a"), samples::guest("vm.a", 1)}));
  machine.session.reset();
  sim::SimHost next(machine.world);
  const auto loaded = store_on(next).load();
  REQUIRE(loaded);
  CHECK(loaded->state.open_intents.contains(*id));
  CHECK(loaded->state.open_intents.at(*id).upid.empty());
}

TEST_CASE("what is in memory is what the next process reads, whatever kind of value it was") {
  Machine machine;
  auto row = samples::guest("vm.a", 1);
  using schema::Value;
  row.owned = Value::object({{"object", Value::object({{"x", Value::integer(1)}})},
                             {"secret", Value::string("hunter2").as_sensitive()},
                             {"late", Value::unknown()},
                             {"number", Value::decimal("7")},
                             {"bytes", Value::string("\xff\xfe")}});
  REQUIRE(machine.session->outcome({}, model::Outcome{address("vm.a"), row}));
  const auto expected = machine.session->state();
  REQUIRE(machine.session->finish());
  CHECK(machine.world.disk.content(kAbsolute + "/state.json")->find("hunter2") ==
        std::string::npos);
  CHECK(store_on(machine.host).load()->state.rows == expected.rows);
}

TEST_CASE("a run may be begun again, and then only its origin is checked") {
  Machine machine;
  const auto serial = machine.session->state().serial;
  const auto boundaries = machine.host.control.boundaries();
  CHECK(machine.session->begin_run({"lab", "AA:BB", "home"}));
  CHECK(machine.host.control.boundaries() == boundaries);
  CHECK(machine.session->state().serial == serial);
  CHECK_FALSE(machine.session->begin_run({"lab", "CC:DD", "home"}));
  REQUIRE(machine.session->finish());
}

TEST_CASE("changes outside of a run are bugs") {
  Machine machine;
  REQUIRE(machine.session->finish());
  CHECK_THROWS_AS(machine.session->open_intent(samples::intent(0, "vm.a")), std::logic_error);
  CHECK_THROWS_AS(machine.session->outcome({}, model::Outcome()), std::logic_error);
  CHECK_THROWS_AS(machine.session->begin_run({"lab", "AA:BB", "home"}), std::logic_error);
}
