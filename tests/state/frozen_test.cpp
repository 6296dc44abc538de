// A state that was written once and is never written anew: what users have must stay readable.

#include "state/snapshot.hpp"
#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

using namespace pveplan;
using namespace pveplan::state;

namespace {

std::string frozen() {
  return tests::read_text(std::string(PVEPLAN_SOURCE_DIR) + "/tests/golden/state/v1.json");
}

}  // namespace

TEST_CASE("a state of format 1 reads as it was meant when it was written") {
  const auto state = read_snapshot(frozen());
  REQUIRE(state);
  CHECK(state->topology == "lab");
  CHECK(state->lineage == "00112233445566778899aabbccddeeff");
  CHECK(state->serial == 12);
  CHECK(state->retired_vmids == std::set<std::int64_t>{100, 104});
  REQUIRE(state->rows.size() == 3);
  const auto* db = state->row(samples::address("vm.db[2]"));
  REQUIRE(db != nullptr);
  CHECK(db->schema_version == 2);
  CHECK(db->status == model::RowStatus::ok);
  CHECK(db->identity.find("vmid")->as_integer() == 201);
  CHECK(db->owned.find("memory")->as_integer() == 4294967296);
  CHECK(db->parts.at("disk.data").kept);
  CHECK(db->parts.at("nic.lan").identity.find("slot")->as_string() == "net0");
  CHECK(db->dependencies == std::vector{samples::address("bridge.lan[pve1]")});
  const auto* begun = state->row(samples::address("vm.db[10]"));
  REQUIRE(begun != nullptr);
  CHECK(begun->status == model::RowStatus::incomplete);
  CHECK(begun->observed);
  REQUIRE(state->open_intents.size() == 1);
  CHECK(state->open_intents.at(4).upid == "UPID:pve1:0001:qmclone:9000:root@pam:");
}

TEST_CASE(
    "a state of format 1 is written back byte by byte, with what this program does not know") {
  const auto state = read_snapshot(frozen());
  REQUIRE(state);
  CHECK(write_snapshot(*state) == frozen());
}
