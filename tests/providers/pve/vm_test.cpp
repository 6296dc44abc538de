#include "providers/pve/resources/vm/vm.hpp"

#include "providers/pve/resources/vm/schema.hpp"
#include "schema/json.hpp"
#include "tests/providers/pve/support/fixture.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using namespace pveplan::pve::test;
using model::Action;
using schema::Value;

namespace {

const schema::ResourceAddress kAddress{"vm", "db", "", std::nullopt};
constexpr auto kClone = "UPID:pve:00003246:00068108:6B0118A4:qmclone:9002:root@pam!pveplan:";
constexpr auto kCreate = "UPID:pve:00002A11:00066C6D:6B01186F:qmcreate:112:root@pam!pveplan:";
constexpr auto kPendingPath = "/nodes/pve/qemu/112/pending";
constexpr auto kNextId = "/cluster/nextid?vmid=112";
constexpr auto kActiveClones = "/nodes/pve/tasks?source=active&typefilter=qmclone";

Value json(const std::string& text) { return *schema::parse_json(text); }

/// A config as `/pending` shows it, with the marker of this nonce.
std::string pending(const std::string& more, const std::string& nonce = "n0nce",
                    const std::string& uuid = "u1") {
  return fmt::format(
      R"({{"data":[{{"key":"description","value":"pveplan:lab:vm.db:112:{}"}},)"
      R"({{"key":"smbios1","value":"uuid={}"}},{{"key":"digest","value":"d1"}}{}{}]}})",
      nonce, uuid, more.empty() ? "" : ",", more);
}

std::string upid(const std::string& text) { return fmt::format(R"({{"data":"{}"}})", text); }

struct VmFixture : Fixture {
  VmFixture() : schema(pve::vm_schema()), type(schema) {
    backend.facts.nodes.push_back({"pve", true, 0, 0});
    model::Row tmpl;
    tmpl.address = {"template", "debian12", "", "pve"};
    tmpl.identity = json(R"({"vmid":9002,"node":"pve"})");
    backend.rows.emplace(tmpl.address, tmpl);
  }

  std::vector<model::Step> steps(Action action, const std::string& after,
                                 const std::string& facts = "{}") {
    model::Change change;
    change.address = kAddress;
    change.action = action;
    change.after = after.empty() ? Value() : json(after);
    change.identity = json(R"({"vmid":112,"node":"pve"})");
    change.facts = json(facts);
    return type.lower(change);
  }
  model::Step step(const std::string& operation, const std::string& arguments) {
    model::Step result;
    result.address = kAddress;
    result.operation = operation;
    result.arguments = json(arguments);
    return result;
  }
  model::Intent intent(const model::Step& of, const std::string& its_upid = "") {
    model::Intent result;
    result.address = kAddress;
    result.operation = of.operation;
    result.arguments = of.arguments;
    result.nonce = "n0nce";
    result.server_time = "2026-01-01T00:00:00Z";
    result.upid = its_upid;
    return result;
  }
  model::Row row(const std::string& owned) {
    model::Row result;
    result.address = kAddress;
    result.identity = json(R"({"vmid":112,"node":"pve","uuid":"u1"})");
    result.owned = json(owned);
    result.nonce = "n0nce";
    return result;
  }
  void in_state(model::Row its_row) { backend.rows.insert_or_assign(kAddress, std::move(its_row)); }
  void absent() {
    server.expect("GET", kPendingPath)
        .fail(
            500, "Configuration file 'nodes/pve/qemu-server/112.conf' does not exist",
            R"({"message":"Configuration file 'nodes/pve/qemu-server/112.conf' does not exist\n"})");
    server.expect("GET", kNextId).answer(R"({"data":"112"})");
  }
  void list_guest(const std::string& status, std::int64_t uptime = 0) {
    model::GuestFacts guest;
    guest.vmid = 112;
    guest.node = "pve";
    guest.status = status;
    guest.uptime = uptime;
    backend.facts.guests = {guest};
    backend.facts.server_time = "2026-01-01T01:00:00Z";
  }
  template <typename T>
  bool settles_as(const model::Intent& its_intent) {
    auto settled = time.run(type.resolve(context(), its_intent));
    CHECK(server.faults() == "");
    return settled && std::holds_alternative<T>(*settled);
  }

  schema::ResourceSchema schema;
  pve::VmType type;
};

constexpr auto kCloned = R"({"name":"db","template":"debian12","clone":"full","cores":2,
  "disk":{"os":{"slot":"scsi0","storage":"local-lvm"}}})";

}  // namespace

TEST_CASE_METHOD(VmFixture, "every operation of a VM declares how it is settled") {
  for (const auto& each : type.operations()) {
    CHECK(core::find_operation(type, each.name) != nullptr);
    CHECK_FALSE(model::name(each.resolver).empty());
  }
}

TEST_CASE_METHOD(VmFixture,
                 "a clone carries the marker with its nonce and comes back with its uuid") {
  absent();
  server
      .expect("POST", "/nodes/pve/qemu/9002/clone",
              "newid=112 full=1 description=pveplan:lab:vm.db:112:n0nce name=db storage=local-lvm")
      .answer(upid(kClone));
  task_ends(kClone, "OK");
  server.expect("GET", kPendingPath)
      .answer(pending(R"({"key":"scsi0","value":"local-lvm:vm-112-disk-0,size=8G"})"));
  const auto outcome = time.run(type.run(context(), steps(Action::create, kCloned).at(0)));
  REQUIRE(server.faults() == "");
  REQUIRE(outcome);
  CHECK(outcome->row->status == model::RowStatus::incomplete);
  CHECK(outcome->row->nonce == "n0nce");
  CHECK(outcome->row->identity == json(R"({"vmid":112,"node":"pve","uuid":"u1"})"));
  CHECK(outcome->row->parts.at("disk.os").identity ==
        json(R"({"slot":"scsi0","volume":"local-lvm:vm-112-disk-0"})"));
  CHECK(schema::to_json(*outcome->row->notes.find("unfinished")) == R"(["configure","start"])");
}

TEST_CASE_METHOD(VmFixture, "a made guest that cannot be read back is still in the state") {
  absent();
  server.expect("POST", "/nodes/pve/qemu", "*").answer(upid(kCreate));
  task_ends(kCreate, "OK");
  server.expect("GET", kPendingPath).fail(595, "Connection refused");
  const auto outcome =
      time.run(type.run(context(), steps(Action::create, R"({"name":"db"})").at(0)));
  REQUIRE(server.faults() == "");
  REQUIRE(outcome);
  CHECK(outcome->row->identity.find("uuid") == nullptr);
  CHECK(outcome->row->nonce == "n0nce");
}

TEST_CASE_METHOD(VmFixture,
                 "a VMID that somebody took is not touched, our own lost attempt is adopted") {
  const auto create = steps(Action::create, R"({"name":"db"})").at(0);
  server.expect("GET", kPendingPath).answer(pending("", "other"));
  server.expect("GET", kPendingPath).answer(pending("", "other"));
  const auto taken = time.run(type.run(context(), create));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().summary == "The VMID is taken");

  absent();
  server.expect("POST", "/nodes/pve/qemu", "*")
      .fail(500, "unable to create VM 112 - VM 112 already exists on node 'pve'",
            R"({"message":"unable to create VM 112 - VM 112 already exists on node 'pve'\n"})");
  server.expect("GET", kPendingPath).answer(R"({"data":[{"key":"lock","value":"create"}]})");
  server.expect("GET", kPendingPath).answer(pending(""));
  const auto adopted = time.run(type.run(context(), create));
  REQUIRE(server.faults() == "");
  REQUIRE(adopted);
  CHECK(adopted->row->identity.find("uuid")->as_string() == "u1");
}

TEST_CASE_METHOD(VmFixture,
                 "a lost clone waits for the running clone of its source, then finds its guest") {
  const auto lost = intent(steps(Action::create, kCloned).at(0));
  server.expect("GET", kActiveClones)
      .answer(fmt::format(R"({{"data":[{{"upid":"{}","status":"RUNNING"}}]}})", kClone));
  task_ends(kClone, "OK");
  server.expect("GET", kActiveClones).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(pending(R"({"key":"lock","value":"clone"})")).at(1);
  server.expect("GET", kActiveClones).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath)
      .answer(pending(R"({"key":"scsi0","value":"local-lvm:vm-112-disk-0"})"));
  const auto settled = time.run(type.resolve(context(), lost));
  REQUIRE(server.faults() == "");
  REQUIRE(std::holds_alternative<model::Done>(*settled));
  const auto& made = *std::get<model::Done>(*settled).outcome.row;
  CHECK(made.nonce == "n0nce");
  CHECK(made.identity.find("uuid")->as_string() == "u1");
  CHECK(made.status == model::RowStatus::incomplete);
}

TEST_CASE_METHOD(VmFixture, "a clone of others, or of before the intent, is not waited for") {
  const auto lost = intent(steps(Action::create, kCloned).at(0));
  // one of another user, and one that started before the intent was opened
  server.expect("GET", kActiveClones)
      .answer(fmt::format(
          R"({{"data":[{{"upid":"UPID:pve:00003246:00068108:6B0118A4:qmclone:9002:other@pve:"}},)"
          R"({{"upid":"UPID:pve:00003246:00068108:10000000:qmclone:9002:root@pam!pveplan:"}}]}})"));
  absent();
  server.expect("GET", kActiveClones).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath)
      .fail(500, "does not exist", R"({"message":"Configuration file 'x' does not exist\n"})")
      .at(36);
  server.expect("GET", kNextId).answer(R"({"data":"112"})").at(36);
  CHECK(settles_as<model::NotDone>(lost));
}

TEST_CASE_METHOD(VmFixture, "a journaled task that failed settles a create at once") {
  const auto lost = intent(steps(Action::create, R"({"name":"db"})").at(0), kCreate);
  task_ends(kCreate, "unable to create VM 112 - storage is full");
  server.expect("GET", "/nodes/pve/tasks/" + encoded(kCreate) + "/log?limit=500")
      .answer(R"({"data":[],"total":0})");
  absent();
  CHECK(settles_as<model::NotDone>(lost));
}

TEST_CASE_METHOD(VmFixture, "a lost create finds its VMID with another guest, or cannot tell") {
  const auto lost = intent(steps(Action::create, R"({"name":"db"})").at(0));
  const auto active = "/nodes/pve/tasks?source=active&typefilter=qmcreate";
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(pending("", "other"));
  CHECK(settles_as<model::Taken>(lost));

  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).fail(595, "No route to host");
  CHECK(settles_as<model::StillOpen>(lost));

  backend.facts.quorate = false;
  server.expect("GET", active).answer(R"({"data":[]})");
  absent();
  CHECK(settles_as<model::StillOpen>(lost));
}

TEST_CASE_METHOD(VmFixture, "a config write is guarded by uuid and digest") {
  in_state(row(R"({"cores":2})"));
  server.expect("GET", kPendingPath).answer(pending(R"({"key":"cores","value":2})"));
  server.expect("PUT", "/nodes/pve/qemu/112/config", "cores=4 digest=d1");
  const auto outcome =
      time.run(type.run(context(), step("configure", R"({"after":{"cores":4},"then":[]})")));
  REQUIRE(server.faults() == "");
  CHECK(*outcome->row->owned.find("cores") == Value::integer(4));

  server.expect("GET", kPendingPath).answer(pending("", "n0nce", "another"));
  const auto refused =
      time.run(type.run(context(), step("configure", R"({"after":{"cores":4},"then":[]})")));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("smbios uuid is another, not u1") != std::string::npos);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(VmFixture, "what is there already is not written") {
  in_state(row(R"({"cores":2})"));
  server.expect("GET", kPendingPath).answer(pending(R"({"key":"cores","value":2,"pending":4})"));
  const auto outcome =
      time.run(type.run(context(), step("configure", R"({"after":{"cores":4},"then":[]})")));
  REQUIRE(outcome);
  CHECK(client.writes() == 0);
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(VmFixture, "a new disk is made by a task and read back") {
  constexpr auto kConfig = "UPID:pve:00003C3B:00069A63:6B0118E5:qmconfig:112:root@pam!pveplan:";
  in_state(row(R"({})"));
  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("POST", "/nodes/pve/qemu/112/config", "scsi1=tank:1 digest=d1")
      .answer(upid(kConfig));
  task_ends(kConfig, "OK");
  server.expect("GET", kPendingPath)
      .answer(pending(R"({"key":"scsi1","value":"tank:vm-112-disk-0,size=1G"})"));
  const auto outcome = time.run(type.run(context(), step("configure", R"({"then":[],
      "after":{"disk":{"data":{"slot":"scsi1","storage":"tank","size":1073741824}}}})")));
  REQUIRE(server.faults() == "");
  CHECK(outcome->row->parts.at("disk.data").identity.find("volume")->as_string() ==
        "tank:vm-112-disk-0");
}

TEST_CASE_METHOD(VmFixture,
                 "somebody else's write in between is gone along with when ours stays the same") {
  in_state(row(R"({"cores":2})"));
  const auto mismatch = R"({"message":"checksum mismatch (file change by other user?)\n"})";
  server.expect("GET", kPendingPath).answer(pending(R"({"key":"cores","value":2})"));
  server.expect("PUT", "/nodes/pve/qemu/112/config", "cores=4 digest=d1")
      .fail(500, "checksum mismatch (file change by other user?)", mismatch);
  server.expect("GET", kPendingPath)
      .answer(
          R"({"data":[{"key":"cores","value":2},{"key":"tags","value":"x"},)"
          R"({"key":"smbios1","value":"uuid=u1"},{"key":"description","value":"pveplan:lab:vm.db:112:n0nce"},)"
          R"({"key":"digest","value":"d2"}]})");
  server.expect("PUT", "/nodes/pve/qemu/112/config", "cores=4 digest=d2");
  CHECK(time.run(type.run(context(), step("configure", R"({"after":{"cores":4},"then":[]})"))));
  REQUIRE(server.faults() == "");

  server.expect("GET", kPendingPath).answer(pending(R"({"key":"cores","value":2})"));
  server.expect("PUT", "/nodes/pve/qemu/112/config", "*")
      .fail(500, "checksum mismatch (file change by other user?)", mismatch);
  server.expect("GET", kPendingPath).answer(pending(R"({"key":"cores","value":4})"));
  const auto refused =
      time.run(type.run(context(), step("configure", R"({"after":{"cores":4},"then":[]})")));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().summary == "Changed by somebody else");
}

TEST_CASE_METHOD(
    VmFixture, "a device that the guest does not let go waits; another hotplug fault is reverted") {
  constexpr auto kConfig = "UPID:pve:00003C3B:00069A63:6B0118E5:qmconfig:112:root@pam!pveplan:";
  constexpr auto kStep =
      R"({"then":[],"after":{"nic":{"lan":{"slot":"net0","model":"e1000","mac":"AA"}}}})";
  auto its_row = row(R"({"nic":{"lan":{"slot":"net0"}}})");
  its_row.parts["nic.lan"].identity = json(R"({"slot":"net0","mac":"AA"})");
  in_state(its_row);
  const auto log = "/nodes/pve/tasks/" + encoded(kConfig) + "/log?limit=500";
  const auto live = pending(R"({"key":"net0","value":"virtio=AA,bridge=vmbr0"})");
  server.expect("GET", kPendingPath).answer(live);
  server.expect("POST", "/nodes/pve/qemu/112/config", "net0=e1000=AA,bridge=vmbr0 digest=d1")
      .answer(upid(kConfig));
  task_ends(kConfig,
            "400 Parameter verification failed. net0: hotplug problem - error on hot-unplugging "
            "device 'net0'");
  server.expect("GET", log).answer(R"({"data":[],"total":0})");
  server.expect("GET", kPendingPath).answer(live);
  CHECK(time.run(type.run(context(), step("configure", kStep))));
  REQUIRE(server.faults() == "");

  server.expect("GET", kPendingPath).answer(live);
  server.expect("POST", "/nodes/pve/qemu/112/config", "*").answer(upid(kConfig));
  task_ends(kConfig,
            "400 Parameter verification failed. net0: hotplug problem - netdev_add failed");
  server.expect("GET", log).answer(R"({"data":[],"total":0})");
  server.expect("PUT", "/nodes/pve/qemu/112/config", "revert=net0");
  CHECK_FALSE(time.run(type.run(context(), step("configure", kStep))));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(VmFixture, "a lost config write is settled by its values and its digest") {
  in_state(row(R"({"cores":2})"));
  auto lost =
      intent(step("configure", R"({"after":{"cores":4},"then":[],"remember":{"digest":"d1"}})"));
  const auto active = "/nodes/pve/tasks?source=active&typefilter=qmconfig";
  const auto look = [&](const std::string& cores, int seconds) {
    server.expect("GET", active).answer(R"({"data":[]})");
    server.expect("GET", kPendingPath)
        .answer(pending(R"({"key":"cores","value":)" + cores + "}"))
        .at(seconds);
  };
  look("4", 1);
  CHECK(settles_as<model::Done>(lost));
  look("2", 34);
  look("2", 36);
  CHECK(settles_as<model::NotDone>(lost));
  lost.arguments = lost.arguments.with(schema::Path::parse("remember.digest"), Value::string("d0"));
  look("3", 36);
  CHECK(settles_as<model::Taken>(lost));
}

TEST_CASE_METHOD(VmFixture, "a volume that a lost write left behind is reported, not made again") {
  in_state(row(R"({})"));
  auto lost = intent(step("configure", R"({"then":[],"remember":{"digest":"d1"},
      "after":{"disk":{"data":{"slot":"scsi1","storage":"tank","size":1073741824}}}})"));
  server.expect("GET", "/nodes/pve/tasks?source=active&typefilter=qmconfig")
      .answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(pending("")).at(40);
  server.expect("GET", "/nodes/pve/storage/tank/content?vmid=112").answer(R"({"data":[
    {"volid":"tank:vm-112-disk-0","vmid":112},{"volid":"tank:iso/x.iso"}]})");
  const auto settled = time.run(type.resolve(context(), lost));
  REQUIRE(server.faults() == "");
  REQUIRE(std::holds_alternative<model::Taken>(*settled));
  CHECK(std::get<model::Taken>(*settled).diagnostic.detail.find("tank:vm-112-disk-0") !=
        std::string::npos);
}

TEST_CASE_METHOD(VmFixture, "a disk grows to an absolute size, once") {
  constexpr auto kResize = "UPID:pve:00002D81:0006724A:6B01187E:resize:112:root@pam!pveplan:";
  auto its_row = row(R"({"disk":{"os":{"slot":"scsi0"}}})");
  its_row.status = model::RowStatus::incomplete;
  its_row.parts["disk.os"].identity =
      json(R"({"slot":"scsi0","volume":"local-lvm:vm-112-disk-0"})");
  in_state(its_row);
  const auto grow = step("resize", R"({"disk":"os","size":21474836480,"then":["start"]})");
  const auto sized = [](const char* size) {
    return pending(
        fmt::format(R"({{"key":"scsi0","value":"local-lvm:vm-112-disk-0,size={}"}})", size));
  };
  server.expect("GET", kPendingPath).answer(sized("8G"));
  server.expect("PUT", "/nodes/pve/qemu/112/resize", "disk=scsi0 size=20G").answer(upid(kResize));
  task_ends(kResize, "OK");
  const auto grown = time.run(type.run(context(), grow));
  REQUIRE(server.faults() == "");
  CHECK(schema::to_json(*grown->row->notes.find("unfinished")) == R"(["start"])");

  server.expect("GET", kPendingPath).answer(sized("20G"));
  CHECK(time.run(type.run(context(), grow)));
  const auto active = "/nodes/pve/tasks?source=active&typefilter=resize";
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(sized("20G"));
  CHECK(settles_as<model::Done>(intent(grow)));
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(sized("8G")).at(5);
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(sized("8G")).at(40);
  CHECK(settles_as<model::NotDone>(intent(grow)));
}

TEST_CASE_METHOD(VmFixture, "starting ends what is owed and what waited for a start") {
  constexpr auto kStart = "UPID:pve:00004A9A:0006CF1F:6B01196C:qmstart:112:root@pam!pveplan:";
  auto its_row = row(R"({})");
  its_row.status = model::RowStatus::incomplete;
  its_row.notes = json(R"({"unfinished":["start"],"at_next_start":"2026-01-01T00:00:00Z"})");
  in_state(its_row);
  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("GET", "/nodes/pve/qemu/112/status/current")
      .answer(R"({"data":{"status":"stopped"}})");
  server.expect("POST", "/nodes/pve/qemu/112/status/start").answer(upid(kStart));
  task_ends(kStart, "OK");
  const auto started = time.run(type.run(context(), step("start", R"({"then":[]})")));
  REQUIRE(server.faults() == "");
  CHECK(started->row->status == model::RowStatus::ok);
  CHECK(started->row->notes.is_null());

  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("GET", "/nodes/pve/qemu/112/status/current")
      .answer(R"({"data":{"status":"running"}})");
  CHECK(time.run(type.run(context(), step("start", R"({"then":[]})"))));
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(VmFixture, "a restart is done when the guest runs with a smaller uptime") {
  constexpr auto kReboot = "UPID:pve:00004A9A:0006CF1F:6B01196C:qmreboot:112:root@pam!pveplan:";
  const auto status = "/nodes/pve/qemu/112/status/current";
  in_state(row(R"({})"));
  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("GET", status).answer(R"({"data":{"status":"running","uptime":5000}})");
  server.expect("POST", "/nodes/pve/qemu/112/status/reboot", "timeout=180").answer(upid(kReboot));
  task_ends(kReboot, "OK");
  server.expect("GET", status).answer(R"({"data":{"status":"stopped","uptime":0}})");
  server.expect("GET", status).answer(R"({"data":{"status":"running","uptime":2}})");
  const auto reboot = step("reboot", R"({"timeout":180,"then":[]})");
  CHECK(time.run(type.run(context(), reboot)));
  REQUIRE(server.faults() == "");

  const auto active = "/nodes/pve/tasks?source=active&typefilter=qmreboot";
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("GET", status).answer(R"({"data":{"status":"running","uptime":10}})").at(20);
  CHECK(settles_as<model::Done>(intent(reboot)));
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(pending("")).at(40);
  server.expect("GET", status).answer(R"({"data":{"status":"running","uptime":5000}})").at(40);
  CHECK(settles_as<model::NotDone>(intent(reboot)));
}

TEST_CASE_METHOD(VmFixture,
                 "only our own guest is deleted, and its unreferenced volumes are left") {
  constexpr auto kDestroy = "UPID:pve:000036C8:00068CFA:6B0118C2:qmdestroy:112:root@pam!pveplan:";
  in_state(row(R"({})"));
  const auto remove = step("delete", R"({"purge":true,"then":[]})");
  server.expect("GET", kPendingPath).answer(pending("", "n0nce", "another"));
  CHECK_FALSE(time.run(type.run(context(), remove)));

  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("DELETE", "/nodes/pve/qemu/112?destroy-unreferenced-disks=0&purge=1")
      .answer(upid(kDestroy));
  task_ends(kDestroy, "OK");
  CHECK_FALSE(time.run(type.run(context(), remove))->row);

  absent();
  CHECK_FALSE(time.run(type.run(context(), remove))->row);
  REQUIRE(server.faults() == "");

  const auto active = "/nodes/pve/tasks?source=active&typefilter=qmdestroy";
  server.expect("GET", active).answer(R"({"data":[]})");
  server.expect("GET", kPendingPath).answer(pending("")).at(40);
  CHECK(settles_as<model::NotDone>(intent(remove)));
  server.expect("GET", active).answer(R"({"data":[]})");
  absent();
  CHECK(settles_as<model::Done>(intent(remove)));
}

TEST_CASE_METHOD(VmFixture, "a removed disk is destroyed once the guest has let it go") {
  constexpr auto kConfig = "UPID:pve:00003C3B:00069A63:6B0118E5:qmconfig:112:root@pam!pveplan:";
  auto its_row = row(R"({"disk":{"data":{"slot":"scsi1","size":5}}})");
  its_row.parts["disk.data"].identity = json(R"({"slot":"scsi1","volume":"tank:vm-112-disk-1"})");
  in_state(its_row);
  const auto discard = step("discard", R"({"part":"disk.data","then":[]})");
  server.expect("GET", kPendingPath)
      .answer(pending(R"({"key":"scsi1","value":"tank:vm-112-disk-1,size=5G","delete":1})"));
  const auto waits = time.run(type.run(context(), discard));
  CHECK(waits->row->parts.contains("disk.data"));
  CHECK(client.writes() == 0);

  server.expect("GET", kPendingPath)
      .answer(pending(R"({"key":"unused0","value":"tank:vm-112-disk-1"})"));
  server.expect("POST", "/nodes/pve/qemu/112/config", "delete=unused0 digest=d1")
      .answer(upid(kConfig));
  task_ends(kConfig, "OK");
  const auto gone = time.run(type.run(context(), discard));
  REQUIRE(server.faults() == "");
  CHECK(gone->row->parts.empty());
  CHECK(gone->row->owned.find(schema::Path::parse("disk.data")) == nullptr);
}

TEST_CASE_METHOD(VmFixture, "a guest is read with one call when the listing knows its state") {
  list_guest("running", 500);
  const auto its_row = row(R"({"cores":2,"node":"pve"})");
  server.expect("GET", kPendingPath).answer(pending(R"({"key":"cores","value":2})"));
  const auto outcome = time.run(type.read(context(), its_row.identity, &its_row));
  REQUIRE(server.faults() == "");
  const auto& live = std::get<model::LiveObject>(*outcome);
  CHECK(live.attributes.find("cores")->as_integer() == 2);
  CHECK(live.facts.find("status")->as_string() == "running");
  CHECK(live.facts.find("awaits_start") == nullptr);
  CHECK(live.digest == "d1");
  CHECK(client.reads() == 1);
}

TEST_CASE_METHOD(VmFixture, "absent, hidden and replaced guests are told apart") {
  const auto its_row = row(R"({})");
  const auto read = [&] { return time.run(type.read(context(), its_row.identity, &its_row)); };
  server.expect("GET", kNextId).answer(R"({"data":"112"})");
  CHECK(std::holds_alternative<model::Absent>(*read()));

  server.expect("GET", kNextId)
      .fail(
          400, "Parameter verification failed.",
          R"({"errors":{"vmid":"VM 112 already exists"},"message":"Parameter verification failed.\n"})");
  const auto hidden = read();
  CHECK(std::get<model::Unreadable>(*hidden).reason.find("VM.Audit on /vms/112") !=
        std::string::npos);

  backend.facts.quorate = false;
  server.expect("GET", kNextId).answer(R"({"data":"112"})");
  CHECK(std::holds_alternative<model::Unreadable>(*read()));
  backend.facts.quorate = true;

  list_guest("stopped");
  server.expect("GET", kPendingPath).answer(pending("", "n0nce", "another"));
  CHECK(std::holds_alternative<model::Unreadable>(*read()));

  backend.facts.nodes[0].online = false;
  CHECK(std::get<model::Unreadable>(*read()).reason == "node pve is offline");
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(VmFixture, "a listing that does not know the state is asked for exactly") {
  list_guest("unknown");
  const auto its_row = row(R"({})");
  server.expect("GET", kPendingPath).answer(pending(""));
  server.expect("GET", "/nodes/pve/qemu/112/status/current")
      .answer(R"({"data":{"status":"running"}})");
  const auto outcome = time.run(type.read(context(), its_row.identity, &its_row));
  REQUIRE(server.faults() == "");
  CHECK(std::get<model::LiveObject>(*outcome).facts.find("status")->as_string() == "running");
}

TEST_CASE_METHOD(VmFixture, "what cloud-init got after the last start waits for the next one") {
  auto its_row = row(R"({})");
  its_row.notes = json(R"({"at_next_start":"2026-01-01T00:30:00Z"})");
  const auto waits = [&](std::int64_t uptime) {
    list_guest("running", uptime);
    server.expect("GET", kPendingPath).answer(pending(""));
    const auto outcome = time.run(type.read(context(), its_row.identity, &its_row));
    return std::get<model::LiveObject>(*outcome).facts.find("awaits_start")->as_boolean();
  };
  CHECK(waits(3500));        // started before half past
  CHECK_FALSE(waits(1000));  // started after it
  REQUIRE(server.faults() == "");
}

TEST_CASE_METHOD(VmFixture, "a guest that is not in the state tells that its VMID is taken") {
  list_guest("running");
  const auto outcome = time.run(type.read(context(), json(R"({"vmid":112})"), nullptr));
  CHECK(std::holds_alternative<model::LiveObject>(*outcome));
  CHECK(
      std::holds_alternative<model::Absent>(*time.run(type.read(context(), json("{}"), nullptr))));
}
