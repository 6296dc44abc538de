// Virtual machines of the lab, as a client sees them over time.

#include "lab/core/parameters.hpp"
#include "lab/core/tasks.hpp"
#include "tests/lab/lab_client.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::lab;
using pveplan::lab::testing::Form;
using pveplan::lab::testing::LabClient;
using pveplan::schema::Value;
using namespace std::chrono_literals;

namespace {

constexpr const char* kNode = "/nodes/pve1";
const std::string kMachines = std::string(kNode) + "/qemu";

std::string machine(int vmid, const std::string& rest = {}) {
  return fmt::format("{}/{}{}", kMachines, vmid, rest);
}

/// The text of an answer's `data` that is a string.
std::string plain(const std::string& json) {
  return json.size() > 1 && json.front() == '"' ? json.substr(1, json.size() - 2) : json;
}

const WorldTask& task_of(LabClient& client, const std::string& upid) {
  return client.core.world().tasks.by_upid.at(upid);
}

/// Lets time pass until the task has ended, and gives its exit status.
std::string finish(LabClient& client, const std::string& upid) {
  REQUIRE(client.core.world().tasks.by_upid.contains(upid));
  while (task_of(client, upid).running()) {
    const auto next = client.core.next_event();
    REQUIRE(next.has_value());
    client.core.advance(*next);
  }
  return task_of(client, upid).status;
}

/// Starts a task; the answer must be its UPID.
std::string start(LabClient& client, const std::string& method, const std::string& path,
                  const Form& form = {}) {
  const std::string upid = plain(client.data(method, path, form));
  INFO(upid);
  REQUIRE(upid.starts_with("UPID:"));
  return upid;
}

std::string run(LabClient& client, const std::string& method, const std::string& path,
                const Form& form = {}) {
  return finish(client, start(client, method, path, form));
}

std::string option(LabClient& client, int vmid, const std::string& name, const Form& query = {}) {
  const auto config =
      pveplan::schema::parse_json(client.data("GET", machine(vmid, "/config"), query));
  REQUIRE(config.has_value());
  const Value* value = config->find(name);
  return value == nullptr ? "absent" : scalar_text(*value);
}

std::string status(LabClient& client, int vmid) {
  const auto answer =
      pveplan::schema::parse_json(client.data("GET", machine(vmid, "/status/current")));
  REQUIRE(answer.has_value());
  return answer->find("status")->as_string();
}

const Form kSmall{{"vmid", "100"},
                  {"name", "web"},
                  {"memory", "1024"},
                  {"scsi0", "local-lvm:8"},
                  {"net0", "virtio,bridge=vmbr0"}};

LabClient with_machine() {
  LabClient client(make_world({}));
  REQUIRE(run(client, "POST", kMachines, kSmall) == "OK");
  return client;
}

}  // namespace

TEST_CASE("a new machine takes its VMID at once and its disks when the task ends", "[lab]") {
  LabClient client(make_world({}));
  const std::string upid = start(client, "POST", kMachines, kSmall);
  CHECK(option(client, 100, "lock") == "create");
  CHECK(client.call("GET", "/cluster/nextid", {{"vmid", "100"}}).status == 400);
  CHECK(client.call("POST", kMachines, {{"vmid", "100"}}).reason ==
        "unable to create VM 100 - VM 100 already exists on node 'pve1'");
  CHECK(finish(client, upid) == "OK");
  CHECK(option(client, 100, "lock") == "absent");
  CHECK(option(client, 100, "scsi0") == "local-lvm:vm-100-disk-0,size=8G");
  CHECK(option(client, 100, "boot") == "order=scsi0;net0");
  CHECK(matches(option(client, 100, "net0"), "virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0"));
}

TEST_CASE("a creation that fails leaves neither config nor volumes", "[lab]") {
  LabClient client(make_world({}));
  Form form = kSmall;
  form.emplace_back("scsi1", "local-lvm:0,import-from=local:import/missing.qcow2");
  CHECK(run(client, "POST", kMachines, form) ==
        "unable to create VM 100 - failed to stat '/var/lib/vz/import/missing.qcow2'");
  CHECK(client.call("GET", machine(100, "/config")).reason ==
        "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist");
  CHECK(client.core.world().storage.volumes["local-lvm"]["pve1"].empty());
}

TEST_CASE("a creation that a fault script ends is undone as well", "[lab]") {
  World world = make_world({});
  Fault fault;
  fault.kind = FaultKind::task_failure;
  fault.text = "qmcreate";
  fault.reason = "no space left on device";
  world.faults.push_back(fault);
  LabClient client(world);
  CHECK(run(client, "POST", kMachines, kSmall) == "no space left on device");
  CHECK(client.core.world().guests.empty());
}

TEST_CASE("a change that needs a restart waits until the machine was rebooted", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(status(client, 100) == "running");
  CHECK(client.data("PUT", machine(100, "/config"), {{"memory", "2048"}, {"name", "db"}}) ==
        "null");
  CHECK(option(client, 100, "memory") == "2048");
  CHECK(option(client, 100, "memory", {{"current", "1"}}) == "1024");
  CHECK(option(client, 100, "name", {{"current", "1"}}) == "db");
  CHECK(client.data("GET", machine(100, "/pending"))
            .find(R"({"key":"memory","pending":"2048","value":"1024"})") != std::string::npos);
  REQUIRE(run(client, "POST", machine(100, "/status/reboot")) == "OK");
  CHECK(status(client, 100) == "stopped");
  client.core.advance(client.core.now() + 5s);
  CHECK(status(client, 100) == "running");
  CHECK(option(client, 100, "memory", {{"current", "1"}}) == "2048");
}

TEST_CASE("a reset does not apply what is pending, a stop does", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(client.data("PUT", machine(100, "/config"), {{"cores", "4"}}) == "null");
  CHECK(run(client, "POST", machine(100, "/status/reset")) == "OK");
  CHECK(option(client, 100, "cores", {{"current", "1"}}) == "absent");
  CHECK(run(client, "POST", machine(100, "/status/stop")) == "OK");
  CHECK(option(client, 100, "cores", {{"current", "1"}}) == "4");
}

TEST_CASE("disks and NICs are plugged into a running machine", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(client.data("PUT", machine(100, "/config"),
                    {{"scsi1", "local-lvm:4"}, {"net1", "virtio,bridge=vmbr0"}}) == "null");
  const Form current{{"current", "1"}};
  CHECK(option(client, 100, "scsi1", current) == "local-lvm:vm-100-disk-1,size=4G");
  CHECK(option(client, 100, "net1", current) != "absent");
  CHECK(client.data("PUT", machine(100, "/config"), {{"delete", "scsi1"}}) == "null");
  CHECK(option(client, 100, "scsi1", current) == "absent");
  CHECK(option(client, 100, "unused0", current) == "local-lvm:vm-100-disk-1");
}

TEST_CASE("a running machine is not removed, a stopped one goes with its disks", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(client.call("DELETE", machine(100)).reason == "VM 100 is running - destroy failed");
  REQUIRE(run(client, "POST", machine(100, "/status/shutdown")) == "OK");
  CHECK(run(client, "DELETE", machine(100), {{"purge", "1"}}) == "OK");
  CHECK(client.core.world().guests.empty());
  CHECK(client.core.world().storage.volumes["local-lvm"]["pve1"].empty());
  CHECK(client.data("GET", "/cluster/nextid", {{"vmid", "100"}}) == R"("100")");
}

TEST_CASE("a protected machine is neither removed nor loses a disk", "[lab]") {
  LabClient client = with_machine();
  CHECK(client.data("PUT", machine(100, "/config"), {{"protection", "1"}}) == "null");
  CHECK(client.call("DELETE", machine(100)).reason ==
        "can't remove VM 100 - protection mode enabled");
  CHECK(client.call("PUT", machine(100, "/config"), {{"delete", "scsi0"}}).reason ==
        "can't remove drive 'scsi0' - protection mode enabled");
}

TEST_CASE("a clone of a template takes its own identity and description", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/template")) == "OK");
  CHECK(option(client, 100, "scsi0") == "local-lvm:base-100-disk-0,size=8G");
  const std::string upid =
      start(client, "POST", machine(100, "/clone"),
            {{"newid", "101"}, {"full", "1"}, {"name", "copy"}, {"description", "made by us"}});
  CHECK(parse_upid(upid)->id == "100");
  CHECK(client.call("GET", machine(101, "/config")).status == 500);
  REQUIRE(client.core.next_event().has_value());
  client.core.advance(*client.core.next_event());
  CHECK(option(client, 101, "lock") == "clone");
  CHECK(option(client, 101, "description") == " qmclone temporary file");
  CHECK(finish(client, upid) == "OK");
  CHECK(option(client, 101, "lock") == "absent");
  CHECK(option(client, 101, "name") == "copy");
  CHECK(option(client, 101, "description") == "made by us");
  CHECK(option(client, 101, "template") == "absent");
  CHECK(option(client, 101, "net0") != option(client, 100, "net0"));
  CHECK(option(client, 101, "smbios1") != option(client, 100, "smbios1"));
}

TEST_CASE("several clones of one template run side by side", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/template")) == "OK");
  const std::string first = start(client, "POST", machine(100, "/clone"), {{"newid", "101"}});
  const std::string second = start(client, "POST", machine(100, "/clone"), {{"newid", "102"}});
  CHECK(finish(client, second) == "OK");
  CHECK(finish(client, first) == "OK");
  CHECK(option(client, 102, "scsi0") == "local-lvm:vm-102-disk-0,size=8G");
}

TEST_CASE("a clone waits a second for its locked source, and then gives up", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  World& world = client.core.world();
  world.systems.installed = false;  // nobody answers: the shutdown holds the lock for its timeout
  const std::string shutdown = start(client, "POST", machine(100, "/status/shutdown"));
  const std::string clone = start(client, "POST", machine(100, "/clone"), {{"newid", "101"}});
  CHECK(finish(client, clone) ==
        "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout");
  CHECK(task_of(client, shutdown).running());
  CHECK_FALSE(client.core.world().guests.contains(101));
  const Answer answer = client.call("PUT", machine(100, "/config"), {{"memory", "2048"}});
  CHECK(answer.reason == "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout");
  CHECK(answer.not_before == client.core.now() + 10s);
}

TEST_CASE("stopping the task that holds a lock releases it", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  client.core.world().systems.installed = false;
  const std::string shutdown = start(client, "POST", machine(100, "/status/shutdown"));
  const std::string path = std::string(kNode) + "/tasks/" + percent_encode(shutdown);
  CHECK(client.data("DELETE", path) == "null");
  CHECK(task_of(client, shutdown).status == "received interrupt");
  CHECK(client.data("PUT", machine(100, "/config"), {{"memory", "2048"}}) == "null");
}

TEST_CASE("a clone that is stopped half-way leaves nothing", "[lab]") {
  LabClient client = with_machine();
  const std::string upid = start(client, "POST", machine(100, "/clone"), {{"newid", "101"}});
  client.core.advance(*client.core.next_event());
  CHECK(client.core.world().guests.contains(101));
  const std::string path = std::string(kNode) + "/tasks/" + percent_encode(upid);
  CHECK(client.data("DELETE", path) == "null");
  CHECK_FALSE(client.core.world().guests.contains(101));
}

TEST_CASE("a disk grows and never shrinks", "[lab]") {
  LabClient client = with_machine();
  const auto resize = [&](const char* size) {
    return run(client, "PUT", machine(100, "/resize"), {{"disk", "scsi0"}, {"size", size}});
  };
  CHECK(resize("+2G") == "OK");
  CHECK(option(client, 100, "scsi0") == "local-lvm:vm-100-disk-0,size=10G");
  CHECK(resize("9G") == "shrinking disks is not supported");
  CHECK(resize("10G") == "OK");
  CHECK(option(client, 100, "scsi0") == "local-lvm:vm-100-disk-0,size=10G");
}

TEST_CASE("a stale digest changes nothing", "[lab]") {
  LabClient client = with_machine();
  const std::string digest = option(client, 100, "digest");
  CHECK(client.data("PUT", machine(100, "/config"), {{"memory", "2048"}, {"digest", digest}}) ==
        "null");
  CHECK(
      client.call("PUT", machine(100, "/config"), {{"memory", "512"}, {"digest", digest}}).reason ==
      "checksum mismatch (file change by other user?)");
  CHECK(option(client, 100, "memory") == "2048");
}

TEST_CASE("the cluster hears of a new machine and of its start with its next round", "[lab]") {
  LabClient client(make_world({}));
  client.core.advance(client.core.now() + 1s);
  REQUIRE(run(client, "POST", kMachines, kSmall) == "OK");
  const auto row = [&] { return client.data("GET", "/cluster/resources", {{"type", "vm"}}); };
  CHECK(row().find(R"("status":"unknown")") != std::string::npos);
  CHECK(row().find("web") == std::string::npos);
  client.core.advance(client.core.now() + 10s);
  CHECK(row().find(R"("status":"stopped")") != std::string::npos);
  CHECK(row().find("web") != std::string::npos);
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(row().find(R"("status":"stopped")") != std::string::npos);
  client.core.advance(client.core.now() + 10s);
  CHECK(row().find(R"("status":"running")") != std::string::npos);
}

TEST_CASE("an agent answers once its system has booted", "[lab]") {
  LabClient client(make_world({}));
  Form form = kSmall;
  form.emplace_back("agent", "enabled=1");
  form.emplace_back("ipconfig0", "ip=10.20.0.5/24,gw=10.20.0.1");
  REQUIRE(run(client, "POST", kMachines, form) == "OK");
  const std::string path = machine(100, "/agent/network-get-interfaces");
  CHECK(client.call("GET", path).reason == "VM 100 is not running");
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(client.call("GET", path).reason == "QEMU guest agent is not running");
  client.core.advance(client.core.now() + 15s);
  CHECK(client.data("GET", path).find(R"("ip-address":"10.20.0.5")") != std::string::npos);
}

TEST_CASE("a task in flight goes on after the world was kept and read again", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/template")) == "OK");
  const std::string upid = start(client, "POST", machine(100, "/clone"),
                                 {{"newid", "101"}, {"full", "1"}, {"name", "copy"}});
  client.core.advance(*client.core.next_event());
  World copy;
  REQUIRE(from_value(to_value(client.core.world()), copy));
  LabClient restarted(copy);
  CHECK(option(restarted, 101, "lock") == "clone");
  CHECK(finish(restarted, upid) == "OK");
  CHECK(option(restarted, 101, "name") == "copy");
  CHECK(option(restarted, 101, "scsi0") == "local-lvm:vm-101-disk-0,size=8G");
}

TEST_CASE("a machine keeps running over a restart of the lab", "[lab]") {
  LabClient client = with_machine();
  REQUIRE(run(client, "POST", machine(100, "/status/start")) == "OK");
  CHECK(client.data("PUT", machine(100, "/config"), {{"memory", "2048"}}) == "null");
  World copy;
  REQUIRE(from_value(to_value(client.core.world()), copy));
  LabClient restarted(copy);
  CHECK(status(restarted, 100) == "running");
  CHECK(option(restarted, 100, "memory", {{"current", "1"}}) == "1024");
  CHECK(option(restarted, 100, "digest") == option(client, 100, "digest"));
}
