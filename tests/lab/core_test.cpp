#include "lab/core/core.hpp"

#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::LabClient;

TEST_CASE("a caller with a token reads the version", "[lab]") {
  LabClient client(make_world({.nodes = 3, .major = 8}));
  CHECK(client.data("GET", "/version") ==
        R"({"release":"8.4","repoid":"2606ac850d46da29","version":"8.4.21"})");
}

TEST_CASE("a 401 is held back for three seconds of lab time", "[lab]") {
  Core core(make_world({}));
  Request request;
  request.method = "GET";
  request.path = "/api2/json/version";
  const Answer answer = core.handle(request);
  CHECK(answer.status == 401);
  CHECK(answer.reason == "No ticket");
  CHECK(answer.not_before == core.now() + std::chrono::seconds{3});
  CHECK(answer.closes_connection());
}

TEST_CASE("a world survives being written and read", "[lab]") {
  const World world = make_world({.nodes = 2, .major = 9, .seed = 7});
  World copy;
  REQUIRE(from_value(to_value(world), copy));
  CHECK(to_value(copy) == to_value(world));
}
