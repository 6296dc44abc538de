// Stops the process before every call of a service, loses what was not durable, and looks at what
// the next process finds.
#include "tests/state/history.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>

using namespace pveplan;
using namespace pveplan::state;
using samples::address;

namespace {

const RunOrigin kOrigin{"lab", "AA:BB", "home"};
constexpr StoreLimits kSmall{1500, 3};  // so that a run absorbs its journal on the way
#ifdef PVEPLAN_SANITIZED
constexpr int kShare = 20;  // sanitizers find their faults in a few seeds as well
#else
constexpr int kShare = 1;
#endif

/// One process that works on the state and tells the history what it was promised. Errors end it
/// early, in the way in which a command would; the end of a run that began is always tried.
class Process {
 public:
  Process(sim::SimWorld& world, History& history) : host(world), history_(history) {}

  /// `rounds` guests are made, every third one is destroyed again, the last intent stays open.
  void run(int rounds, bool finish = true) {
    auto locked = store_on(host, kSmall).lock("apply");
    if (!locked) return;
    session_ = std::move(*locked);
    if (!note(session_->begin_run(kOrigin))) return;
    promise();
    for (int i = 0; i < rounds && !failed_; ++i) work(i);
    if (!failed_) note(session_->open_intent(samples::intent(0, "vm.open")));
    if (!finish) return;
    finished_ = session_->finish().has_value();
    if (finished_) promise();
  }

  /// What a crash in the middle of a call left in memory was not promised, but may be found.
  void died() {
    if (session_) history_.saw(session_->state());
    session_.reset();
  }
  bool failed() const { return failed_; }
  bool finished() const { return finished_; }

  sim::SimHost host;

 private:
  template <typename T>
  bool note(const schema::Result<T>& result) {
    history_.saw(session_->state());
    if (!result) failed_ = true;
    return result.has_value();
  }
  void promise() { history_.promised(session_->state()); }

  void work(int i) {
    const auto name = fmt::format("vm.n{}", session_->state().next_intent);
    const auto id = session_->open_intent(samples::intent(0, name));
    if (!note(id)) return;
    if (!note(session_->flush())) return;
    promise();
    // The request is sent. From here on the outcome is recorded whatever the disk says.
    note(session_->started(*id, "UPID:x"));
    note(session_->outcome({*id}, model::Outcome{address(name), samples::guest(name, 100 + i)}));
    if (i % 3 == 2) {
      note(session_->outcome({}, model::Outcome{address(name), std::nullopt, {100 + i}}));
    }
    if (note(session_->flush())) promise();
  }

  History& history_;
  std::unique_ptr<Session> session_;
  bool failed_ = false;
  bool finished_ = false;
};

/// Runs one process up to its stopping point, if it gets there. Says whether it did.
bool runs_into_stop(sim::SimWorld& world, History& history, std::uint64_t stop, int rounds,
                    std::optional<sim::SimFileFault> fault = std::nullopt) {
  Process process(world, history);
  if (fault) process.host.files.fail(*fault);
  process.host.control.stop_before(stop);
  bool stopped = false;
  try {
    process.run(rounds);
  } catch (const sim::SimulatedStop&) {
    stopped = true;
  }
  process.died();
  REQUIRE(process.host.control.calls_after_stop().empty());
  return stopped;
}

/// What the next process finds; REQUIREs that it was promised.
void look(sim::SimWorld& world, History& history) {
  sim::SimHost host(world);
  const auto found = store_on(host).load();
  if (!found) FAIL(found.error().summary << ": " << found.error().detail);
  INFO("found serial " << found->state.serial);
  REQUIRE(history.accepts(*found));
}

/// A process that is not disturbed takes up the state and leaves it whole.
void recover(sim::SimWorld& world, History& history) {
  Process process(world, history);
  process.run(2);
  REQUIRE_FALSE(process.failed());
  REQUIRE(process.finished());
  process.died();
  look(world, history);
}

void survive_every_stop(sim::Crash kind, std::uint64_t seed, bool from_nothing) {
  bool stopped = true;
  for (std::uint64_t stop = 1; stopped; ++stop) {
    sim::SimWorld world(seed + 1000 * stop);
    make_home(world);
    History history;
    if (!from_nothing) recover(world, history);
    INFO("seed " << seed << ", stopped before call " << stop);
    stopped = runs_into_stop(world, history, stop, 4);
    world.crash(kind);
    look(world, history);
    recover(world, history);
  }
}

}  // namespace

TEST_CASE("whatever call of the first run a power loss hits, what was promised is there") {
  const auto seed = GENERATE(range(0, 20 / kShare));
  survive_every_stop(sim::Crash::power_lost, static_cast<std::uint64_t>(seed), true);
}

TEST_CASE("whatever call of a later run a power loss hits, what was promised is there") {
  const auto seed = GENERATE(range(0, 20 / kShare));
  survive_every_stop(sim::Crash::power_lost, static_cast<std::uint64_t>(seed), false);
}

TEST_CASE("whatever call a kill hits, what was promised is there") {
  survive_every_stop(sim::Crash::process_killed, 1, true);
  survive_every_stop(sim::Crash::process_killed, 1, false);
}

TEST_CASE("crash after crash, on a disk that fails, nothing that was promised is lost") {
  const auto seed = GENERATE(range(0, 400 / kShare));
  sim::SimRandom draws(static_cast<std::uint64_t>(seed));
  sim::SimWorld world(draws.next());
  make_home(world);
  History history;
  for (int life = 0; life < 8; ++life) {
    std::optional<sim::SimFileFault> fault;
    if (draws.one_in(2)) fault.emplace(draws.one_in(2) ? EIO : ENOSPC, 1 + draws.below(60));
    runs_into_stop(world, history, 1 + draws.below(90), 1 + static_cast<int>(draws.below(6)),
                   fault);
    world.crash();
    INFO("seed " << seed << ", life " << life);
    look(world, history);
  }
  recover(world, history);
}

namespace {

void survive_every_fault(int code, bool from_then_on, sim::Crash kind, bool finish) {
  bool hit = true;
  for (std::uint64_t nth = 1; hit; ++nth) {
    sim::SimWorld world(nth);
    make_home(world);
    History history;
    recover(world, history);
    Process process(world, history);
    sim::SimFileFault fault(code, nth);
    fault.from_then_on = from_then_on;
    process.host.files.fail(fault);
    process.run(8, finish);
    INFO("error " << code << " at call " << nth << (from_then_on ? " and after" : ""));
    hit = process.host.control.boundaries() >= nth;
    process.died();
    world.crash(kind);
    look(world, history);
    recover(world, history);
  }
}

}  // namespace

TEST_CASE("whatever call fails, what was promised is there after a power loss") {
  const int code = GENERATE(EIO, ENOSPC);
  const bool from_then_on = GENERATE(false, true);
  const bool finish = GENERATE(false, true);
  survive_every_fault(code, from_then_on, sim::Crash::power_lost, finish);
}

TEST_CASE("whatever call fails, what was promised is there for the next process") {
  const int code = GENERATE(EIO, ENOSPC);
  const bool from_then_on = GENERATE(false, true);
  const bool finish = GENERATE(false, true);
  survive_every_fault(code, from_then_on, sim::Crash::process_killed, finish);
}
