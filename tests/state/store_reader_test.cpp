#include "state/store_reader.hpp"

#include "state/snapshot.hpp"
#include "tests/state/history.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace pveplan;
using namespace pveplan::state;

namespace {

/// A folder with files as a test wants them, and a process that reads them.
class Folder {
 public:
  Folder() { make_home(world_); }
  void put(const std::string& name, const std::string& content) {
    world_.disk.place(kAbsolute + "/" + name, content);
  }
  schema::Result<Loaded> load() { return store_on(host_).load(); }
  sim::SimWorld& world() { return world_; }
  sim::SimHost& host() { return host_; }

 private:
  sim::SimWorld world_{1};
  sim::SimHost host_{world_};
};

RunStarted continues(const std::string& snapshot) {
  RunStarted run;
  run.lineage = read_snapshot(snapshot)->lineage;
  run.base_serial = read_snapshot(snapshot)->serial;
  run.base_hash = snapshot_hash(snapshot);
  run.program = "0.1.0";
  return run;
}

/// A journal of four records on samples::state(), and what they do.
struct Case {
  std::string snapshot = write_snapshot(samples::state());
  std::vector<std::string> frames;
  std::vector<StateFile> states;  ///< [n]: after n records

  Case() {
    auto state = samples::state();
    states.push_back(state);
    Delta delta;
    delta.rows = {{samples::guest("vm.new", 105), {}}};
    const std::vector<Record> records = {
        {12, continues(snapshot)},
        {13, IntentOpened{samples::intent(5, "vm.new"), {}}},
        {14, OutcomeKnown{{5}, delta}},
        {14, RunEnded{"2026-08-01T10:01:00Z"}},
    };
    for (const auto& record : records) {
      frames.push_back(frame(write_record(record)));
      REQUIRE(apply(record, state));
      states.push_back(state);
    }
  }
  std::string journal() const {
    std::string bytes;
    for (const auto& each : frames) bytes += each;
    return bytes;
  }
};

}  // namespace

TEST_CASE("snapshot and journal together are the state") {
  const Case good;
  Folder folder;
  folder.put("state.json", good.snapshot);
  folder.put("journal", good.journal());
  const auto loaded = folder.load();
  REQUIRE(loaded);
  CHECK(loaded->state == good.states.back());
  CHECK(loaded->exists);
  CHECK(loaded->warnings.empty());
}

TEST_CASE("a journal torn at any byte is read up to its last whole record, with a warning") {
  const Case good;
  const auto bytes = good.journal();
  std::size_t whole = 0, end = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    if (whole < good.frames.size() && length == end + good.frames[whole].size()) {
      end += good.frames[whole++].size();
    }
    Folder folder;
    folder.put("state.json", good.snapshot);
    folder.put("journal", bytes.substr(0, length));
    const auto loaded = folder.load();
    INFO("length " << length);
    if (whole == 0) {  // the first record is durable before the journal gets its name
      REQUIRE_FALSE(loaded);
      continue;
    }
    REQUIRE(loaded);
    REQUIRE(loaded->state == good.states[whole]);
    REQUIRE(loaded->warnings.empty() == (length == end));
  }
}

TEST_CASE("a flipped bit in the journal is refused, or costs the last record at most") {
  const Case good;
  const auto bytes = good.journal();
  const auto last = bytes.size() - good.frames.back().size();
  Folder folder;
  folder.put("state.json", good.snapshot);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    folder.put("journal", flipped);
    const auto loaded = folder.load();
    INFO("byte " << i);
    REQUIRE(loaded.has_value() == (i >= last));
    if (loaded) REQUIRE(loaded->state == good.states[3]);
  }
}

TEST_CASE("a flipped bit in the snapshot is refused") {
  const Case good;
  Folder folder;
  folder.put("journal", good.journal());
  for (std::size_t i = 0; i < good.snapshot.size(); ++i) {
    auto flipped = good.snapshot;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    folder.put("state.json", flipped);
    INFO("byte " << i);
    REQUIRE_FALSE(folder.load());
  }
}

TEST_CASE("a damaged or missing state is never taken for an empty one") {
  const Case good;
  const std::string damaged = GENERATE("", "{}", "null", "\0\0\0\0", "{\"format\":1}");
  Folder folder;
  folder.put("state.json", damaged);
  CHECK(folder.load().error().summary == "Damaged state");
  CHECK_FALSE(store_on(folder.host()).lock("apply"));
}

TEST_CASE("a state that is gone is missed when anything else is left of it") {
  const std::string witness = GENERATE("journal", "backups/7.json");
  Folder folder;
  folder.put(witness, "whatever");
  const auto loaded = folder.load();
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().summary == "State lost");
  CHECK(loaded.error().detail.find(".pveplan/lab/backups") != std::string::npos);
}

TEST_CASE("a journal that an older snapshot was made for is absorbed already") {
  const Case good;
  Folder folder;
  folder.put("journal", good.journal());
  folder.put("state.json", write_snapshot(good.states.back()));
  const auto loaded = folder.load();
  REQUIRE(loaded);
  CHECK(loaded->state == good.states.back());
}

TEST_CASE("a journal of another state is refused") {
  const auto [change, says] = GENERATE(table<std::string, std::string>(
      {{"lineage", "lineage"},
       {"serial", "continues serial 12, but the state is at serial 11"},
       {"content", "another state with the serial 12"}}));
  auto other = samples::state();
  if (change == "lineage") other.lineage = "ff";
  if (change == "serial") other.serial = 11;
  if (change == "content") other.cluster_name = "edited";
  Folder folder;
  folder.put("journal", Case().journal());
  folder.put("state.json", write_snapshot(other));
  const auto loaded = folder.load();
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().summary == "Journal of another state");
  INFO(loaded.error().detail);
  CHECK(loaded.error().detail.find(says) != std::string::npos);
  CHECK(loaded.error().detail.find("Nothing was changed") != std::string::npos);
}

TEST_CASE("a journal of a newer format is refused and names the version that wrote it") {
  const Case good;
  auto run = continues(good.snapshot);
  run.format = 2;
  run.program = "4.0.0";
  Folder folder;
  folder.put("state.json", good.snapshot);
  folder.put("journal", frame(write_record({12, run})));
  const auto loaded = folder.load();
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().summary == "State of a newer version");
  CHECK(loaded.error().detail.find("4.0.0") != std::string::npos);
}

TEST_CASE("a journal that begins with another record is refused") {
  const Case good;
  Folder folder;
  folder.put("state.json", good.snapshot);
  folder.put("journal", good.frames[1]);
  CHECK(folder.load().error().summary == "Journal of another state");
}

TEST_CASE("a plan that reads while a run absorbs its journal sees a state that was true") {
  // Snapshot and journal are replaced one after the other; each mixture that a reader can meet:
  const Case good;
  const auto newer = write_snapshot(good.states.back());
  const auto next = frame(write_record({14, continues(newer)}));
  for (const auto& [snapshot, journal] :
       {std::pair(good.snapshot, good.journal()), std::pair(newer, good.journal()),
        std::pair(newer, next)}) {
    Folder folder;
    folder.put("state.json", snapshot);
    folder.put("journal", journal);
    const auto loaded = folder.load();
    REQUIRE(loaded);
    CHECK(loaded->state == good.states.back());
  }
}
