#include "providers/pve/cluster/cluster.hpp"

#include "providers/pve/client/client.hpp"
#include "tests/providers/pve/support/script.hpp"
#include "tests/providers/pve/support/virtual_time.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using namespace pveplan::pve::test;

namespace {

struct Fixture {
  Fixture() : client(server, time.clock, options()) {}
  static pve::ClientOptions options() {
    pve::ClientOptions result;
    result.endpoints = {"https://pve:8006"};
    result.token = "root@pam!pveplan=c";
    return result;
  }
  VirtualTime time;
  ScriptedServer server;
  pve::Client client;
};

constexpr auto kResources = R"({"data":[
  {"type":"storage","node":"pve","storage":"local","content":"iso,import,backup","plugintype":"dir",
   "shared":0,"status":"available","disk":27166224384,"maxdisk":270553174016},
  {"type":"qemu","vmid":"101","node":"pve","status":"running","name":"b","template":0,"uptime":"90",
   "tags":"app;prod","maxmem":1073741824,"lock":"backup","pool":"p1"},
  {"type":"lxc","vmid":100,"node":"pve","status":"unknown"},
  {"type":"node","node":"pve","status":"online","maxmem":25276514304,"mem":1028141056},
  {"type":"sdn","sdn":"localnetwork","node":"pve"}]})";

}  // namespace

TEST_CASE_METHOD(Fixture, "the cluster's facts come from five calls") {
  server.expect("GET", "/version").answer(R"({"data":{"release":"8.4","version":"8.4.21"}})");
  server.expect("GET", "/cluster/resources").answer(kResources).at(9);
  server.expect("GET", "/cluster/status").answer(R"({"data":[
    {"type":"cluster","name":"lab","quorate":1,"nodes":3},{"type":"node","name":"pve","local":1}]})");
  server.expect("GET", "/cluster/options").answer(R"({"data":{"mac_prefix":"02:00:00"}})");
  server.expect("GET", "/nodes/pve/certificates/info").answer(R"({"data":[
    {"filename":"pve-ssl.pem","fingerprint":"11:22"},
    {"filename":"pve-root-ca.pem","fingerprint":"33:44"}]})");
  const auto facts = time.run(pve::load_cluster_facts(client, client.user()));
  REQUIRE(facts);
  REQUIRE(server.faults() == "");
  CHECK(facts->version == 804);
  CHECK(facts->version_text == "8.4.21");
  CHECK(facts->name == "lab");
  CHECK(facts->quorate);
  CHECK(facts->mac_prefix == "02:00:00");
  CHECK(facts->identity == "33:44");
  CHECK(facts->user == "root@pam!pveplan");
  CHECK(facts->server_time == "2026-01-01T00:00:09Z");
  REQUIRE(facts->guests.size() == 2);
  CHECK(facts->guests[0].container);
  CHECK(facts->guests[1].vmid == 101);
  CHECK(facts->guests[1].uptime == 90);
  CHECK(facts->guests[1].lock == "backup");
  CHECK(facts->storages[0].content == std::vector<std::string>{"backup", "import", "iso"});
  CHECK(facts->nodes[0].online);
}

TEST_CASE_METHOD(Fixture, "parts that the token may not see keep their defaults") {
  server.expect("GET", "/version").answer(R"({"data":{"version":"9.2.11"}})");
  server.expect("GET", "/cluster/resources").answer(R"({"data":[]})");
  server.expect("GET", "/cluster/status").fail(403, "Permission check failed (/, Sys.Audit)");
  server.expect("GET", "/cluster/options").fail(403, "Permission check failed (/, Sys.Audit)");
  server.expect("GET", "/nodes/localhost/certificates/info")
      .answer(R"({"data":[{"filename":"pve-root-ca.pem","fingerprint":"33:44"}]})");
  const auto facts = time.run(pve::load_cluster_facts(client, client.user()));
  REQUIRE(facts);
  CHECK(facts->version == 902);
  CHECK(facts->mac_prefix == "BC:24:11");
  CHECK(facts->quorate);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(Fixture, "only the whole cluster can tell that a VMID is free") {
  server.expect("GET", "/cluster/nextid?vmid=100")
      .fail(
          400, "Parameter verification failed.",
          R"({"data":null,"errors":{"vmid":"VM 100 already exists"},"message":"Parameter verification failed.\n"})");
  server.expect("GET", "/cluster/nextid?vmid=4711").answer(R"({"data":"4711"})");
  server.expect("GET", "/cluster/nextid?vmid=99").fail(500, "no quorum");
  CHECK(time.run(pve::vmid_is_free(client, 100)) == false);
  CHECK(time.run(pve::vmid_is_free(client, 4711)) == true);
  CHECK_FALSE(time.run(pve::vmid_is_free(client, 99)));
  REQUIRE(server.faults() == "");
}
