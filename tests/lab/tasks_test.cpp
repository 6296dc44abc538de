#include "lab/core/tasks.hpp"

#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::LabClient;
using namespace std::chrono_literals;

namespace {

std::string reload(LabClient& client, const std::string& node = "pve1") {
  const std::string answer = client.data("PUT", "/nodes/" + node + "/network");
  return answer.substr(1, answer.size() - 2);
}

std::string status_of(LabClient& client, const std::string& upid,
                      const std::string& node = "pve1") {
  return client.data("GET", "/nodes/" + node + "/tasks/" + percent_encode(upid) + "/status");
}

}  // namespace

TEST_CASE("a task runs until its lab time has passed", "[lab]") {
  LabClient client(make_world({}));
  const std::string upid = reload(client);
  CHECK(status_of(client, upid).find(R"("status":"running")") != std::string::npos);
  REQUIRE(client.core.next_event().has_value());
  client.core.advance(*client.core.next_event());
  CHECK(status_of(client, upid).find(R"("exitstatus":"OK")") != std::string::npos);
  CHECK_FALSE(client.core.next_event().has_value());
}

TEST_CASE("a UPID names node, type, id and user", "[lab]") {
  LabClient client(make_world({}));
  const auto upid = parse_upid(reload(client, "pve2"));
  REQUIRE(upid.has_value());
  CHECK(upid->node == "pve2");
  CHECK(upid->type == "srvreload");
  CHECK(upid->id == "networking");
  CHECK(upid->user == "root@pam!pveplan");
  CHECK_FALSE(parse_upid("UPID:pve:1:2:3:x::u:").has_value());
}

TEST_CASE("a task is known on its own node only", "[lab]") {
  LabClient client(make_world({}));
  const std::string upid = reload(client, "pve2");
  CHECK(client.call("GET", "/nodes/pve1/tasks/" + percent_encode(upid) + "/status").status == 400);
}

TEST_CASE("one's own tasks are visible without any right, those of others are not", "[lab]") {
  LabClient client(make_world({}));
  const std::string upid = reload(client);
  client.act_as("nobody@pve!none");
  CHECK(client.call("GET", "/nodes/pve1/tasks/" + percent_encode(upid) + "/status").reason ==
        "Permission check failed (/nodes/pve1, Sys.Audit)");
  CHECK(client.data("GET", "/nodes/pve1/tasks", {{"source", "all"}}) == "[]");
  client.act_as("auditor@pve!ro");
  CHECK(client.data("GET", "/nodes/pve1/tasks", {{"source", "all"}}).find("RUNNING") !=
        std::string::npos);
}

TEST_CASE("running tasks survive a restart of the lab", "[lab]") {
  LabClient client(make_world({}));
  const std::string upid = reload(client);
  World copy;
  REQUIRE(from_value(to_value(client.core.world()), copy));
  Core restarted(copy);
  restarted.advance(restarted.now() + 1min);
  CHECK(restarted.world().tasks.by_upid.at(upid).status == "OK");
}
