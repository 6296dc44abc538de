#include "state/state_file.hpp"

#include "tests/state/samples.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::state;

TEST_CASE("a state serves its own topology and cluster only") {
  const auto state = samples::state();
  CHECK(check_origin(state, "lab", "AA:BB"));
  CHECK(check_origin(state, "other", "AA:BB").error().summary == "State of another topology");
  CHECK(check_origin(state, "lab", "CC:DD").error().summary == "State of another cluster");
  CHECK(check_origin(state, "lab", "none").error().detail.find("[proxmox]") != std::string::npos);
}

TEST_CASE("a state that has seen no cluster accepts the first one") {
  StateFile state;
  CHECK(check_origin(state, "lab", "AA:BB"));
  state.topology = "lab";
  state.cluster = "none";
  CHECK(check_origin(state, "lab", "AA:BB"));
  CHECK(check_origin(state, "lab", "none"));
}

TEST_CASE("rows are found by address") {
  const auto state = samples::state();
  REQUIRE(state.row(samples::address("vm.web")) != nullptr);
  CHECK(state.row(samples::address("vm.nothing")) == nullptr);
}
