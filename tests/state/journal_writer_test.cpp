#include "state/journal_writer.hpp"

#include "tests/state/history.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>
#include <string>

using namespace pveplan;
using namespace pveplan::state;

namespace {

struct Machine {
  sim::SimWorld world{5};
  sim::SimHost host{world};
  JournalWriter writer;

  Machine() : writer(open(), 0) {}
  std::unique_ptr<async::AppendFile> open() {
    world.disk.place("/j", "");
    return std::move(*host.files.open_append("/j", 0600));
  }
  void fail(int code, const std::string& operation) {
    sim::SimFileFault fault(code);
    fault.operation = operation;
    host.files.fail(fault);
  }
};

}  // namespace

TEST_CASE("what was set aside can be written on a full disk") {
  Machine machine;
  REQUIRE(machine.writer.reserve(1000));
  machine.world.disk.set_capacity(0);
  REQUIRE(machine.writer.append(std::string(1000, 'a')));
  machine.writer.release(1000);
  REQUIRE(machine.writer.sync());
  CHECK(machine.writer.size() == 1000);
  CHECK(machine.writer.reserved() == 0);
}

TEST_CASE("a disk that was full once counts as full") {
  Machine machine;
  machine.world.disk.set_capacity(100);
  REQUIRE(machine.writer.reserve(80));
  REQUIRE_FALSE(machine.writer.reserve(80));
  machine.world.disk.set_capacity(std::nullopt);
  CHECK_FALSE(machine.writer.reserve(1));
  CHECK(machine.writer.append("still possible"));
  CHECK(machine.writer.sync());
}

TEST_CASE("after a failed sync nothing is written or synced") {
  Machine machine;
  machine.fail(EIO, "sync");
  REQUIRE(machine.writer.append("a"));
  REQUIRE_FALSE(machine.writer.sync());
  CHECK_FALSE(machine.writer.sync());
  CHECK_FALSE(machine.writer.reserve(1));
  const auto content = machine.world.disk.content("/j");
  CHECK_FALSE(machine.writer.append("behind a hole"));
  CHECK(machine.world.disk.content("/j") == content);
}

TEST_CASE("after a failed append nothing is written or synced") {
  Machine machine;
  machine.fail(EIO, "append");
  REQUIRE_FALSE(machine.writer.append("torn"));
  const auto content = machine.world.disk.content("/j");
  CHECK_FALSE(machine.writer.append("more"));
  CHECK_FALSE(machine.writer.sync());
  CHECK_FALSE(machine.writer.reserve(1));
  CHECK(machine.world.disk.content("/j") == content);
}
