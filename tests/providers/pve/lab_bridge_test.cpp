#include "providers/pve/resources/bridge/bridge.hpp"
#include "providers/pve/resources/bridge/schema.hpp"
#include "schema/json.hpp"
#include "tests/providers/pve/support/lab_cluster.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"bridge", "vmbr7", "", "pve"};

Value json(const char* text) { return *schema::parse_json(text); }

struct Bridges {
  Bridges() : schema(pve::bridge_schema()), type(schema) {}
  model::Change change(Action action, const char* after) const {
    model::Change result;
    result.address = kAddress;
    result.action = action;
    result.after = after == nullptr ? Value() : json(after);
    result.identity = type.identity(kAddress, result.after);
    return result;
  }
  model::LiveObject live(LabCluster& cluster) const {
    auto seen = cluster.read(type, kAddress, type.identity(kAddress, Value()));
    REQUIRE(std::holds_alternative<model::LiveObject>(seen));
    return std::get<model::LiveObject>(seen);
  }
  schema::ResourceSchema schema;
  pve::BridgeType type;
};

}  // namespace

TEST_CASE("a bridge lives and dies in the lab, whichever of its writes is lost") {
  const Bridges bridges;
  lose_every_write([&](LabCluster& cluster) {
    const auto& network = cluster.core.world().nodes.at("pve").network;
    REQUIRE(cluster.apply(
        bridges.type,
        bridges.change(
            Action::create,
            R"({"address":"10.77.0.1/24","mtu":1400,"comment":"seven","autostart":true})")));
    CHECK_FALSE(network.pending);
    auto live = bridges.live(cluster);
    CHECK(live.attributes.find("address")->as_string() == "10.77.0.1/24");
    CHECK(live.attributes.find("comment")->as_string() == "seven");
    CHECK(cluster.backend.rows.at(kAddress).status == model::RowStatus::ok);

    REQUIRE(cluster.apply(
        bridges.type,
        bridges.change(Action::update, R"({"mtu":9000,"comment":"seven","autostart":true})")));
    live = bridges.live(cluster);
    CHECK(live.attributes.find("mtu")->as_integer() == 9000);
    // the address was not ours to drop
    CHECK(live.attributes.find("address")->as_string() == "10.77.0.1/24");

    REQUIRE(cluster.apply(bridges.type, bridges.change(Action::remove, nullptr)));
    CHECK_FALSE(network.pending);
    CHECK(cluster.backend.rows.empty());
    const auto seen =
        cluster.read(bridges.type, kAddress, bridges.type.identity(kAddress, Value()));
    CHECK(std::holds_alternative<model::Absent>(seen));
  });
}

TEST_CASE("the lab's vmbr0 carries the node and is left alone") {
  const Bridges bridges;
  LabCluster cluster;
  model::Change change = bridges.change(Action::update, R"({"mtu":9000})");
  change.address = {"bridge", "vmbr0", "", "pve"};
  change.identity = bridges.type.identity(change.address, Value());
  const auto refused = cluster.apply(bridges.type, change);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().summary == "The node itself is reached through this bridge");
}
