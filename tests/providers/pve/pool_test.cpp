#include "providers/pve/resources/pool/pool.hpp"

#include "providers/pve/client/client.hpp"
#include "providers/pve/resources/pool/codec.hpp"
#include "tests/providers/pve/support/backend.hpp"
#include "tests/providers/pve/support/script.hpp"
#include "tests/providers/pve/support/virtual_time.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"pool", "prod", "", std::nullopt};
constexpr auto kMissing = R"({"data":null,"message":"pool 'prod' does not exist\n"})";
constexpr auto kProd = R"({"data":[{"comment":"production","members":[],"poolid":"prod"}]})";

Value attributes() {
  return Value::object({{"id", Value::string("prod")}, {"comment", Value::string("production")}});
}

struct Fixture {
  Fixture() : client(server, time.clock, options()), backend(client), type(schema) {
    schema.type = "pool";
    backend.facts.version = 804;
  }
  static pve::ClientOptions options() {
    pve::ClientOptions result;
    result.endpoints = {"https://pve:8006"};
    result.token = "root@pam!pveplan=c";
    result.repeat_after.clear();
    return result;
  }
  core::Context context() { return core::Context(backend); }
  model::Step step(Action action) {
    model::Change change;
    change.address = kAddress;
    change.action = action;
    change.after = attributes();
    change.identity = type.identity(kAddress, attributes());
    const auto steps = type.lower(change);
    REQUIRE(steps.size() == 1);
    return steps[0];
  }
  model::Intent intent(Action action) {
    const auto its_step = step(action);
    model::Intent result;
    result.address = kAddress;
    result.operation = its_step.operation;
    result.arguments = its_step.arguments;
    result.server_time = "2026-01-01T00:00:00Z";
    return result;
  }

  VirtualTime time;
  ScriptedServer server;
  pve::Client client;
  PlainBackend backend;
  schema::ResourceSchema schema;
  pve::PoolType type;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a pool is read with its members") {
  server.expect("GET", "/pools?poolid=prod").answer(R"({"data":[{"comment":"c","poolid":"prod",
    "members":[{"id":"qemu/131"},{"id":"storage/local"}]}]})");
  const auto outcome = time.run(type.read(context(), type.identity(kAddress, Value()), nullptr));
  const auto& live = std::get<model::LiveObject>(*outcome);
  CHECK(live.attributes.find("comment")->as_string() == "c");
  CHECK(live.facts.find("members")->as_list().size() == 2);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a pool that is missing is absent and one that is hidden is unreadable") {
  server.expect("GET", "/pools?poolid=prod").fail(500, "pool 'prod' does not exist", kMissing);
  server.expect("GET", "/pools?poolid=prod")
      .fail(403, "Permission check failed (/pool/prod, Pool.Audit)");
  const auto identity = type.identity(kAddress, Value());
  CHECK(std::holds_alternative<model::Absent>(*time.run(type.read(context(), identity, nullptr))));
  CHECK(std::holds_alternative<model::Unreadable>(
      *time.run(type.read(context(), identity, nullptr))));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "creating a pool looks first and stores what it wrote") {
  server.expect("GET", "/pools?poolid=prod").fail(500, "pool 'prod' does not exist", kMissing);
  server.expect("POST", "/pools", "poolid=prod comment=production");
  const auto outcome = time.run(type.run(context(), step(Action::create)));
  REQUIRE(outcome);
  CHECK(outcome->row->owned == attributes());
  CHECK(outcome->row->exported.find("id")->as_string() == "prod");
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a pool of somebody else is not taken over") {
  server.expect("GET", "/pools?poolid=prod").answer(kProd);
  const auto outcome = time.run(type.run(context(), step(Action::create)));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().summary == "The pool exists and is not managed");
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a pool with members is not deleted") {
  server.expect("GET", "/pools?poolid=prod")
      .answer(R"({"data":[{"poolid":"prod","members":[{"id":"qemu/131"}]}]})");
  const auto refused = time.run(type.run(context(), step(Action::remove)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("qemu/131") != std::string::npos);

  server.expect("GET", "/pools?poolid=prod").answer(kProd);
  server.expect("DELETE", "/pools?poolid=prod");
  const auto gone = time.run(type.run(context(), step(Action::remove)));
  REQUIRE(gone);
  CHECK_FALSE(gone->row);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a lost create is adopted when it is there with exactly our values") {
  server.expect("GET", "/pools?poolid=prod")
      .fail(500, "pool 'prod' does not exist", kMissing)
      .at(2);
  server.expect("GET", "/pools?poolid=prod").answer(kProd);
  const auto settled = time.run(type.resolve(context(), intent(Action::create)));
  REQUIRE(std::holds_alternative<model::Done>(*settled));
  CHECK(std::get<model::Done>(*settled).outcome.row->owned == attributes());
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a lost create counts as not done only after 30 s of the server's time") {
  server.expect("GET", "/pools?poolid=prod")
      .fail(500, "pool 'prod' does not exist", kMissing)
      .at(34);
  server.expect("GET", "/pools?poolid=prod")
      .fail(500, "pool 'prod' does not exist", kMissing)
      .at(35);
  const auto settled = time.run(type.resolve(context(), intent(Action::create)));
  CHECK(std::holds_alternative<model::NotDone>(*settled));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "a lost create finds the name taken when the values are not ours") {
  server.expect("GET", "/pools?poolid=prod")
      .answer(R"({"data":[{"poolid":"prod","comment":"theirs"}]})");
  const auto settled = time.run(type.resolve(context(), intent(Action::create)));
  CHECK(std::holds_alternative<model::Taken>(*settled));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "lost updates and deletes are settled by looking at the goal") {
  server.expect("GET", "/pools?poolid=prod").answer(kProd);
  server.expect("GET", "/pools?poolid=prod").answer(R"({"data":[{"poolid":"prod"}]})").at(5);
  server.expect("GET", "/pools?poolid=prod").answer(R"({"data":[{"poolid":"prod"}]})").at(40);
  server.expect("GET", "/pools?poolid=prod").answer(kProd).at(5);
  server.expect("GET", "/pools?poolid=prod").fail(500, "pool 'prod' does not exist", kMissing);
  server.expect("GET", "/pools?poolid=prod").fail(595, "Connection refused");
  CHECK(std::holds_alternative<model::Done>(
      *time.run(type.resolve(context(), intent(Action::update)))));
  CHECK(std::holds_alternative<model::NotDone>(
      *time.run(type.resolve(context(), intent(Action::update)))));
  CHECK(std::holds_alternative<model::Done>(
      *time.run(type.resolve(context(), intent(Action::remove)))));
  CHECK(std::holds_alternative<model::StillOpen>(
      *time.run(type.resolve(context(), intent(Action::remove)))));
  REQUIRE(server.faults() == "");
}

TEST_CASE("before 8.1 a pool's id stands in the path") {
  const pve::PoolRoutes old_routes(800), new_routes(801);
  CHECK(old_routes.read("a").path == "/pools/a");
  CHECK(old_routes.remove("a").parameters.empty());
  CHECK(new_routes.read("a/b").path == "/pools");
  CHECK(new_routes.remove("a/b").parameters.at(0).second == "a/b");
  CHECK(old_routes.create("a", {}).parameters.at(0).second == "a");
}
