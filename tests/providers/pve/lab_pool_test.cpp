#include "providers/pve/resources/pool/pool.hpp"
#include "providers/pve/resources/pool/schema.hpp"
#include "schema/json.hpp"
#include "tests/providers/pve/support/lab_cluster.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"pool", "web", "", std::nullopt};

Value json(const char* text) { return *schema::parse_json(text); }

model::Change change(const pve::PoolType& type, Action action, const char* after) {
  model::Change result;
  result.address = kAddress;
  result.action = action;
  result.after = after == nullptr ? Value() : json(after);
  result.identity = type.identity(kAddress, result.after);
  return result;
}

}  // namespace

TEST_CASE("a pool lives and dies in the lab, whichever of its writes is lost") {
  const auto schema = pve::pool_schema();
  const pve::PoolType type(schema);
  lose_every_write([&](LabCluster& cluster) {
    const auto& pools = cluster.core.world().access.pools;
    REQUIRE(cluster.apply(type, change(type, Action::create, R"({"id":"web","comment":"one"})")));
    REQUIRE(pools.contains("web"));
    auto seen = cluster.read(type, kAddress, type.identity(kAddress, json(R"({"id":"web"})")));
    CHECK(std::get<model::LiveObject>(seen).attributes == json(R"({"id":"web","comment":"one"})"));

    REQUIRE(cluster.apply(type, change(type, Action::update, R"({"id":"web","comment":"two"})")));
    seen = cluster.read(type, kAddress, type.identity(kAddress, json(R"({"id":"web"})")));
    CHECK(std::get<model::LiveObject>(seen).attributes == json(R"({"id":"web","comment":"two"})"));

    REQUIRE(cluster.apply(type, change(type, Action::remove, nullptr)));
    CHECK_FALSE(pools.contains("web"));
    CHECK(cluster.backend.rows.empty());
  });
}
