#include "state/record.hpp"

#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace pveplan;
using namespace pveplan::state;
using samples::address;

namespace {

RunStarted run(const std::string& lineage) {
  RunStarted result;
  result.lineage = lineage;
  result.base_serial = 12;
  result.base_hash = "cafe";
  result.id = "1f";
  result.operation = "apply";
  result.who = "alice@host";
  result.program = "0.1.0";
  result.time = "2026-08-01T10:00:00Z";
  return result;
}

std::vector<Record> one_of_each() {
  Delta delta;
  delta.removed = {address("vm.old")};
  delta.rows = {{samples::guest("vm.new", 105), samples::json(R"({"protect":true})")}};
  delta.retired_vmids = {102};
  Edited edited;
  edited.description = "mv vm.a vm.b";
  edited.delta = delta;
  edited.cluster = "";
  edited.cluster_name = "home";
  edited.unretired_vmids = {104};
  return {{12, run("aa")},
          {13, IntentOpened{samples::intent(5, "vm.new"), samples::json(R"({"deadline":1})")}},
          {14, TaskStarted{5, "UPID:x"}},
          {15, OutcomeKnown{{5, 3}, delta}},
          {16, IntentResolved{4, "found with our marker", delta}},
          {17, edited},
          {17, RunEnded{"2026-08-01T10:01:00Z"}}};
}

StateFile applied(const Record& record) {
  auto state = samples::state();
  REQUIRE(apply(record, state));
  return state;
}

}  // namespace

TEST_CASE("every kind of record reads back as it was written") {
  for (const auto& record : one_of_each()) {
    const auto text = write_record(record);
    INFO(text);
    const auto read = read_record(text);
    REQUIRE(read);
    CHECK(*read == record);
    CHECK(write_record(*read) == text);
  }
}

TEST_CASE("records that are not of the form are refused") {
  const std::string text =
      GENERATE("", "[]", R"({"kind":"unheard_of","serial":1})", R"({"kind":"end","serial":"1"})",
               R"({"kind":"started","serial":1,"id":-1,"upid":"x"})",
               R"({"kind":"intent","serial":1})", R"({"kind":"outcome","serial":1,"closes":["a"]})",
               R"({"kind":"outcome","serial":1,"removed":["vm"]})",
               R"({"kind":"outcome","serial":1,"rows":[{"address":"vm.a"}]})",
               R"({"kind":"edit","serial":1,"cluster":1})");
  INFO(text);
  CHECK_FALSE(read_record(text));
}

TEST_CASE("an intent is open until its outcome, and its number is not given again") {
  auto state = samples::state();
  REQUIRE(apply({13, IntentOpened{samples::intent(5, "vm.new"), {}}}, state));
  CHECK(state.next_intent == 6);
  REQUIRE(apply({14, TaskStarted{5, "UPID:x"}}, state));
  CHECK(state.open_intents.at(5).upid == "UPID:x");
  Delta delta;
  delta.rows = {{samples::guest("vm.new", 105), {}}};
  REQUIRE(apply({15, OutcomeKnown{{5}, delta}}, state));
  CHECK_FALSE(state.open_intents.contains(5));
  CHECK(state.row(address("vm.new")) != nullptr);
  CHECK(state.serial == 15);
  CHECK_FALSE(apply({16, IntentOpened{samples::intent(5, "vm.new"), {}}}, state));
}

TEST_CASE("an outcome removes rows and remembers the ids that are gone") {
  Delta delta;
  delta.removed = {address("vm.web")};
  delta.retired_vmids = {101};
  const auto state = applied({13, OutcomeKnown{{3, 4}, delta}});
  CHECK(state.row(address("vm.web")) == nullptr);
  CHECK(state.open_intents.empty());
  CHECK(state.retired_vmids == std::set<std::int64_t>{100, 101, 104});
}

TEST_CASE("a new row keeps what a later program had added to the old one") {
  auto state = samples::state();
  const auto extra = samples::json(R"({"protect":true})");
  state.unknown.rows.emplace(address("vm.web"), extra);
  Delta delta;
  delta.rows = {{samples::guest("vm.web", 101), {}}};
  REQUIRE(apply({13, OutcomeKnown{{}, delta}}, state));
  CHECK(state.unknown.rows.at(address("vm.web")) == extra);
  Delta removal;
  removal.removed = {address("vm.web")};
  REQUIRE(apply({14, OutcomeKnown{{}, removal}}, state));
  CHECK(state.unknown.rows.empty());
}

TEST_CASE("a settled intent closes with or without a row") {
  const auto state = applied({13, IntentResolved{3, "it never had an effect", {}}});
  CHECK(state.open_intents.size() == 1);
  CHECK(state.rows == samples::state().rows);
}

TEST_CASE("an edit sets what it names") {
  Edited edited;
  edited.cluster = "CC:DD";
  edited.unretired_vmids = {104};
  const auto state = applied({13, edited});
  CHECK(state.cluster == "CC:DD");
  CHECK(state.cluster_name == "home");
  CHECK(state.retired_vmids == std::set<std::int64_t>{100});
}

TEST_CASE("the beginning and the end of a run leave the serial") {
  CHECK(applied({12, run(samples::state().lineage)}).serial == 12);
  CHECK(applied({12, RunEnded{}}).serial == 12);
}

TEST_CASE("a record that does not follow on the state is refused and changes nothing") {
  const auto before = samples::state();
  const std::vector<Record> wrong = {
      {12, TaskStarted{3, "UPID:x"}},  {14, TaskStarted{3, "UPID:x"}},
      {13, TaskStarted{2, "UPID:x"}},  {13, OutcomeKnown{{3, 2}, {}}},
      {13, IntentResolved{2, "", {}}}, {13, IntentOpened{samples::intent(4, "vm.a"), {}}},
      {12, run("another lineage")},    {13, RunEnded{}},
  };
  for (const auto& record : wrong) {
    INFO(write_record(record));
    auto state = before;
    CHECK_FALSE(apply(record, state));
    CHECK(state == before);
  }
}
