#include "lab/world/fault.hpp"
#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::LabClient;
using namespace std::chrono_literals;

namespace {

LabClient client_with(Fault fault) {
  World world = make_world({});
  world.faults.push_back(std::move(fault));
  return LabClient(std::move(world));
}

Fault on_pools(FaultKind kind) {
  Fault fault;
  fault.kind = kind;
  fault.method = "POST";
  fault.path = "/pools";
  return fault;
}

bool has_pool(const LabClient& client, const std::string& name) {
  return client.core.world().access.pools.contains(name);
}

}  // namespace

TEST_CASE("a fault strikes the chosen request and lets others pass", "[lab]") {
  Fault fault = on_pools(FaultKind::failure);
  fault.skip = 1;
  fault.text = "create pool failed: cfs-lock 'file-user_cfg' error: got lock request timeout";
  LabClient client = client_with(fault);
  CHECK(client.call("GET", "/pools").status == 200);
  CHECK(client.call("POST", "/pools", {{"poolid", "one"}}).status == 200);
  CHECK(client.call("POST", "/pools", {{"poolid", "two"}}).reason == fault.text);
  CHECK(client.call("POST", "/pools", {{"poolid", "two"}}).status == 200);
}

TEST_CASE("a request lost on its way has no effect, one whose answer is lost has", "[lab]") {
  LabClient before = client_with(on_pools(FaultKind::close_before_effect));
  CHECK(before.call("POST", "/pools", {{"poolid", "web"}}).disposition ==
        Disposition::close_before_effect);
  CHECK_FALSE(has_pool(before, "web"));
  LabClient after = client_with(on_pools(FaultKind::close_after_effect));
  CHECK(after.call("POST", "/pools", {{"poolid", "web"}}).disposition ==
        Disposition::close_after_effect);
  CHECK(has_pool(after, "web"));
}

TEST_CASE("a late effect happens when its time has come", "[lab]") {
  Fault fault = on_pools(FaultKind::late_effect);
  fault.delay = 20s;
  LabClient client = client_with(fault);
  const Answer answer = client.call("POST", "/pools", {{"poolid", "web"}});
  CHECK(answer.status == 596);
  CHECK(answer.not_before == client.core.now() + 30s);
  client.core.advance(client.core.now() + 19s);
  CHECK_FALSE(has_pool(client, "web"));
  client.core.advance(client.core.now() + 1s);
  CHECK(has_pool(client, "web"));
}

TEST_CASE("a node that is down refuses its callers and fails what others forward to it", "[lab]") {
  Fault fault;
  fault.kind = FaultKind::node_down;
  fault.text = "pve2";
  fault.delay = 60s;
  LabClient client = client_with(fault);
  CHECK(client.call("GET", "/nodes/pve2/status").status == 595);
  CHECK(client.call("GET", "/nodes/pve1/status").status == 200);
  client.core.advance(client.core.now() + 60s);
  CHECK(client.call("GET", "/nodes/pve2/status").status == 200);
}

TEST_CASE("a task can be made to fail half-way", "[lab]") {
  Fault fault;
  fault.kind = FaultKind::task_failure;
  fault.text = "srvreload";
  fault.reason = "no space left";
  LabClient client = client_with(fault);
  const std::string answer = client.data("PUT", "/nodes/pve1/network");
  const std::string upid = answer.substr(1, answer.size() - 2);
  client.core.advance(client.core.now() + 60s);
  const auto& task = client.core.world().tasks.by_upid.at(upid);
  CHECK(task.status == "no space left");
  CHECK(task.log.back() == "TASK ERROR: no space left");
}

TEST_CASE("a fault script is part of the saved world", "[lab]") {
  LabClient client = client_with(on_pools(FaultKind::late_effect));
  World copy;
  REQUIRE(from_value(to_value(client.core.world()), copy));
  REQUIRE(copy.faults.size() == 1);
  CHECK(copy.faults[0].kind == FaultKind::late_effect);
}
