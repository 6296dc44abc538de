#include "providers/pve/resources/bridge/bridge.hpp"

#include "providers/pve/resources/bridge/codec.hpp"
#include "providers/pve/resources/bridge/schema.hpp"
#include "schema/json.hpp"
#include "tests/providers/pve/support/fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"bridge", "vmbr2", "", "pve"};
constexpr auto kNetwork = "/nodes/pve/network";
constexpr auto kReload =
    "UPID:pve:00004D25:0006D8F9:6B011985:srvreload:networking:root@pam!pveplan:";
constexpr auto kVmbr0 = R"({"active":1,"address":"10.10.10.2","autostart":1,"bridge_ports":"eno1",
  "cidr":"10.10.10.2/24","gateway":"10.10.10.1","iface":"vmbr0","type":"bridge"})";
constexpr auto kVmbr2 =
    R"({"autostart":1,"bridge_fd":"0","bridge_ports":"","bridge_stp":"off","cidr":"10.22.0.1/24",
  "comments":"second bridge\n","iface":"vmbr2","mtu":"1400","type":"bridge","address":"10.22.0.1","netmask":"24"})";
// recorded: simple.pending
constexpr auto kDiff =
    R"(--- /etc/network/interfaces\t2026-11-21 04:02:33 +0000\n+++ /etc/network/interfaces.new\t2026-11-21 04:09:41 +0000\n)"
    R"(@@ -22,4 +22,11 @@\n \tbridge-stp off\n \tbridge-fd 0\n \n+auto vmbr2\n+iface vmbr2 inet static\n)"
    R"(+\taddress 10.22.0.1/24\n+\tbridge-ports none\n+\tbridge-stp off\n+\tbridge-fd 0\n+\n source /etc/network/interfaces.d/*\n)";

Value json(const std::string& text) { return *schema::parse_json(text); }

std::string network(const std::string& entries, const std::string& changes = "") {
  return fmt::format(R"({{"data":[{}]{}}})", entries,
                     changes.empty() ? "" : R"(,"changes":")" + changes + "\"");
}

std::string both() { return std::string(kVmbr0) + "," + kVmbr2; }

constexpr auto kAfter =
    R"({"nodes":["pve"],"address":"10.22.0.1/24","autostart":true,"mtu":1400,"comment":"second bridge"})";

struct BridgeFixture : Fixture {
  BridgeFixture() : schema(pve::bridge_schema()), type(schema) {
    model::NodeFacts node;
    node.name = "pve";
    node.online = true;
    node.address = "10.10.10.2";
    backend.facts.nodes.push_back(node);
  }
  std::vector<model::Step> steps(Action action, const std::string& after) {
    model::Change change;
    change.address = kAddress;
    change.action = action;
    change.after = after.empty() ? Value() : json(after);
    change.identity = type.identity(kAddress, json("{}"));
    return type.lower(change);
  }
  model::Intent intent(const model::Step& of) {
    model::Intent result;
    result.address = kAddress;
    result.operation = of.operation;
    result.arguments = of.arguments;
    result.server_time = "2026-01-01T00:00:00Z";
    return result;
  }
  schema::ResourceSchema schema;
  pve::BridgeType type;
};

}  // namespace

TEST_CASE("a recorded diff names the interfaces that it touches") {
  const auto changed = [](const std::string& diff) {
    return pve::NodeNetwork::from_api(Value(), json("{\"changes\":\"" + diff + "\"}")).changed();
  };
  using Names = std::set<std::string>;
  CHECK(changed(kDiff) == Names{"vmbr2"});
  // recorded: simple.update-pending, simple.delete-pending, and two stanzas in one hunk
  CHECK(
      changed(
          R"(@@ -24,7 +24,7 @@\n \n auto vmbr2\n iface vmbr2 inet static\n-\taddress 10.22.0.1/24\n)"
          R"(+\taddress 10.22.0.2/24\n \tbridge-ports none\n)") == Names{"vmbr2"});
  CHECK(
      changed(R"(@@ -22,11 +22,4 @@\n \n-auto vmbr2\n-iface vmbr2 inet static\n-\n source x\n)") ==
      Names{"vmbr2"});
  CHECK(
      changed(
          R"(@@ -14,6 +14,9 @@\n iface eno1 inet manual\n \n+auto eno1.42\n+iface eno1.42 inet manual\n+\n auto vmbr0\n)"
          R"(@@ -30,3 +33,3 @@\n \tbridge-fd 0\n-\tmtu 1400\n+\tmtu 9000\n)") ==
      Names{"eno1.42", "?"});
  CHECK(changed("").empty());
}

TEST_CASE("a bridge is read in the form of its schema") {
  CHECK(
      schema::to_json(pve::bridge_from_api(json(kVmbr2))) ==
      R"({"address":"10.22.0.1/24","autostart":true,"comment":"second bridge","iface":"vmbr2","mtu":1400,"vlan_aware":false})");
  const auto trunk = pve::bridge_from_api(json(
      R"({"iface":"vmbr1","bridge_ports":"eno1 eno2","bridge_vlan_aware":1,"bridge_vids":"2-4094","cidr6":"fd00::1/64"})"));
  CHECK(
      schema::to_json(trunk) ==
      R"({"address6":"fd00::1/64","autostart":false,"iface":"vmbr1","ports":["eno1","eno2"],"vlan_aware":true,"vlans":["2-4094"]})");
}

TEST_CASE("an update sends the addressing that is there, since a PUT replaces it") {
  const auto live = pve::bridge_from_api(json(kVmbr2));
  const auto sent = [&](const char* after, std::vector<std::string> reset) {
    std::string text;
    for (const auto& [key, value] : pve::bridge_update(live, json(after), reset))
      text += key + "=" + value + " ";
    return text;
  };
  CHECK(sent(R"({"ports":["eno2","eno3"]})", {}) ==
        "type=bridge bridge_ports=eno2 eno3 mtu=1400 cidr=10.22.0.1/24 comments=second bridge "
        "autostart=1 ");
  CHECK(sent(R"({"mtu":9000})", {"address", "gateway"}) ==
        "type=bridge mtu=9000 comments=second bridge autostart=1 delete=cidr ");
}

TEST_CASE_METHOD(BridgeFixture, "a bridge is written, then applied by one reload") {
  const auto all = steps(Action::create, kAfter);
  REQUIRE(all.size() == 2);
  CHECK(all[0].pools == std::vector<std::string>{"network:pve"});
  server.expect("GET", kNetwork).answer(network(kVmbr0));
  server.expect(
      "POST", kNetwork,
      "iface=vmbr2 type=bridge mtu=1400 cidr=10.22.0.1/24 comments=second bridge autostart=1");
  server.expect("GET", kNetwork).answer(network(both(), kDiff));
  const auto written = time.run(type.run(context(), all[0]));
  REQUIRE(server.faults() == "");
  CHECK(written->row->status == model::RowStatus::incomplete);
  backend.rows.insert_or_assign(kAddress, *written->row);

  server.expect("GET", kNetwork).answer(network(both(), kDiff));
  server.expect("PUT", kNetwork).answer(fmt::format(R"({{"data":"{}"}})", kReload));
  task_ends(kReload, "OK");
  const auto reloaded = time.run(type.run(context(), all[1]));
  REQUIRE(server.faults() == "");
  CHECK(reloaded->row->status == model::RowStatus::ok);
  CHECK(reloaded->row->exported.find("iface")->as_string() == "vmbr2");
}

TEST_CASE_METHOD(BridgeFixture,
                 "nothing is reloaded when the reload of another bridge took ours along") {
  server.expect("GET", kNetwork).answer(network(both()));
  model::Row row;
  row.address = kAddress;
  row.status = model::RowStatus::incomplete;
  backend.rows.insert_or_assign(kAddress, row);
  CHECK(time.run(type.run(context(), steps(Action::create, kAfter).at(1)))->row->status ==
        model::RowStatus::ok);
  CHECK(client.writes() == 0);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(BridgeFixture, "waiting changes of others are refused, of our own bridges not") {
  const auto all = steps(Action::create, kAfter);
  const std::string other = R"(@@ -1 +1 @@\n+auto vmbr7\n+iface vmbr7 inet manual\n)";
  server.expect("GET", kNetwork).answer(network(kVmbr0, other));
  const auto refused = time.run(type.run(context(), all[0]));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("vmbr7") != std::string::npos);
  server.expect("GET", kNetwork).answer(network(kVmbr0, other));
  CHECK_FALSE(time.run(type.run(context(), all[1])));

  // the same diff, as a sibling's write left it
  const auto waiting = json(network(kVmbr0, other));
  model::Row sibling;
  sibling.address = {"bridge", "lan", "", "pve"};
  sibling.identity = json(R"({"node":"pve","iface":"vmbr7"})");
  sibling.notes = Value::map(
      {{"changes", Value::string(pve::NodeNetwork::from_api(Value(), waiting).fingerprint())}});
  backend.rows.emplace(sibling.address, sibling);
  server.expect("GET", kNetwork).answer(network(kVmbr0, other));
  server.expect("POST", kNetwork, "*");
  server.expect("GET", kNetwork).answer(network(both(), kDiff));
  CHECK(time.run(type.run(context(), all[0])));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(BridgeFixture, "the bridge that carries the node's own address is never changed") {
  model::Step change;
  change.address = {"bridge", "vmbr0", "", "pve"};
  change.operation = "change";
  change.arguments = json(R"({"identity":{"node":"pve","iface":"vmbr0"},"after":{"mtu":9000}})");
  server.expect("GET", kNetwork).answer(network(kVmbr0));
  const auto refused = time.run(type.run(context(), change));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().summary == "The node itself is reached through this bridge");
  CHECK(client.writes() == 0);
}

TEST_CASE_METHOD(BridgeFixture, "a removed bridge stays in the state until the reload") {
  const auto all = steps(Action::remove, "");
  model::Row row;
  row.address = kAddress;
  row.identity = type.identity(kAddress, json("{}"));
  row.owned = json(kAfter);
  backend.rows.insert_or_assign(kAddress, row);
  server.expect("GET", kNetwork).answer(network(both()));
  server.expect("DELETE", "/nodes/pve/network/vmbr2");
  server.expect("GET", kNetwork).answer(network(kVmbr0, kDiff));
  auto removed = time.run(type.run(context(), all[0]));
  REQUIRE(server.faults() == "");
  REQUIRE(removed->row);
  backend.rows.insert_or_assign(kAddress, *removed->row);

  // a run that ends here leaves it to the next plan
  server.expect("GET", kNetwork).answer(network(kVmbr0, kDiff));
  server.expect("GET", "/access/permissions?path=%2Fsdn%2Fzones%2Flocalnetwork%2Fvmbr2")
      .answer(R"({"data":{"/sdn/zones/localnetwork/vmbr2":{"SDN.Audit":0}}})");
  const auto read = time.run(type.read(context(), row.identity, &backend.rows.at(kAddress)));
  REQUIRE(std::holds_alternative<model::LiveObject>(*read));
  model::Change change;
  change.address = kAddress;
  change.action = Action::remove;
  change.facts = std::get<model::LiveObject>(*read).facts;
  const auto rest = type.lower(change);
  REQUIRE(rest.size() == 1);

  server.expect("GET", kNetwork).answer(network(kVmbr0, kDiff));
  server.expect("PUT", kNetwork).answer(fmt::format(R"({{"data":"{}"}})", kReload));
  task_ends(kReload, "OK");
  CHECK_FALSE(time.run(type.run(context(), rest[0]))->row);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(BridgeFixture, "lost network writes are settled by looking") {
  const auto create = steps(Action::create, kAfter);
  server.expect("GET", kNetwork).answer(network(both(), kDiff));
  CHECK(std::holds_alternative<model::Done>(*time.run(type.resolve(context(), intent(create[0])))));
  server.expect("GET", kNetwork).answer(network(kVmbr0)).at(5);
  server.expect("GET", kNetwork).answer(network(kVmbr0)).at(35);
  CHECK(std::holds_alternative<model::NotDone>(
      *time.run(type.resolve(context(), intent(create[0])))));
  server.expect("GET", kNetwork).answer(network(R"({"iface":"vmbr2","type":"bridge"})"));
  CHECK(
      std::holds_alternative<model::Taken>(*time.run(type.resolve(context(), intent(create[0])))));

  const auto active = "/nodes/pve/tasks?source=active&typefilter=srvreload";
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kNetwork).answer(network(both(), kDiff)).at(40);
  CHECK(std::holds_alternative<model::NotDone>(
      *time.run(type.resolve(context(), intent(create[1])))));
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kNetwork).answer(network(both()));
  CHECK(std::holds_alternative<model::Done>(*time.run(type.resolve(context(), intent(create[1])))));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(BridgeFixture, "bridges of an offline node cannot be read") {
  backend.facts.nodes[0].online = false;
  const auto outcome = time.run(type.read(context(), type.identity(kAddress, json("{}")), nullptr));
  CHECK(std::get<model::Unreadable>(*outcome).reason == "node pve is offline");
}
