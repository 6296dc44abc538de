#include "providers/pve/guest/config_request.hpp"
#include "providers/pve/guest/guest_decoder.hpp"
#include "providers/pve/guest/guest_facts.hpp"
#include "providers/pve/guest/guest_row.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"

#include <fmt/format.h>

using namespace pveplan;
using namespace pveplan::pve;
using schema::Value;

namespace {

Value json(const std::string& text) { return *schema::parse_json(text); }

GuestConfig config(const std::string& pending) { return GuestConfig::from_pending(json(pending)); }

model::PartRow part(const std::string& identity) {
  model::PartRow result;
  result.identity = json(identity);
  return result;
}

const schema::ResourceSchema& vm() {
  static const auto kSchema = vm_schema();
  return kSchema;
}

std::string sent(const ConfigRequest& request) {
  std::string text;
  for (const auto& [key, value] : request.set) text += key + "=" + value + "\n";
  for (const auto& key : request.remove) text += "-" + key + "\n";
  return text;
}

constexpr auto kPending = R"([
  {"key":"name","value":"db"},{"key":"cores","value":2,"pending":4},{"key":"memory","value":"2048"},
  {"key":"scsihw","value":"virtio-scsi-single"},{"key":"agent","value":"enabled=1,fstrim_cloned_disks=1"},
  {"key":"tags","value":"k8s-csi;prod"},{"key":"onboot","value":1},
  {"key":"description","value":"a db\npveplan:lab:vm.db:112:abc"},
  {"key":"scsi0","value":"local-lvm:vm-112-disk-0,discard=on,size=20G,ssd=1"},
  {"key":"scsi1","value":"tank:vm-112-disk-1,size=1T"},
  {"key":"scsi5","value":"local-lvm:vm-112-disk-9,size=32G"},
  {"key":"unused0","value":"tank:vm-112-disk-3"},
  {"key":"scsi30","value":"local-lvm:vm-112-cloudinit,media=cdrom,size=4M"},
  {"key":"net0","value":"virtio=BC:24:11:00:00:01,bridge=vmbr0,rate=10"},
  {"key":"ipconfig0","value":"ip=10.0.0.5/24,gw=10.0.0.1"},{"key":"nameserver","value":"10.0.0.1 1.1.1.1"},
  {"key":"ciuser","value":"admin"},{"key":"cipassword","value":"**********"},
  {"key":"smbios1","value":"uuid=u1"},{"key":"digest","value":"d1"}])";

model::Row row() {
  model::Row result;
  result.address = {"vm", "db", "", std::nullopt};
  result.identity = json(R"({"vmid":112,"node":"pve2","uuid":"u1"})");
  result.nonce = "abc";
  result.owned = json(
      R"({"name":"db","cores":4,"agent":true,"tags":["prod"],"restart":"never","template":"debian12",
    "cloud_init":{"user":"admin","password":{"hmac":"x"}},
    "disk":{"os":{"slot":"scsi0","size":21474836480,"on_remove":"destroy"},"data":{"slot":"scsi1"}},
    "nic":{"lan":{"slot":"net0","mac":"BC:24:11:00:00:01","ip":"10.0.0.5/24","dns":["10.0.0.1","1.1.1.1"]}}})");
  result.parts["disk.os"] = part(R"({"slot":"scsi0","volume":"local-lvm:vm-112-disk-0"})");
  result.parts["disk.data"] = part(R"({"slot":"scsi1","volume":"tank:vm-112-disk-1"})");
  result.parts["nic.lan"] = part(R"({"slot":"net0","mac":"BC:24:11:00:00:01"})");
  return result;
}

ConfigGoal goal_for(const model::Row& its_row, const GuestConfig& live, const std::string& after) {
  ConfigGoal goal;
  goal.schema = &vm().object;
  goal.after = json(after);
  goal.owned = its_row.owned;
  goal.live = live;
  goal.names = PartNames::of(live, &its_row);
  goal.marker = Marker{"lab", "vm.db", 112, "abc"};
  goal.storage = "local-lvm";
  return goal;
}

}  // namespace

TEST_CASE("a config in the form of its schema: pending values, policies and secrets from the row") {
  const auto live = config(kPending);
  const auto its_row = row();
  const GuestDecoder decoder(vm().object, live, &its_row);
  const auto attributes = decoder.attributes();
  CHECK(attributes.find("cores")->as_integer() == 4);
  CHECK(attributes.find("memory")->as_integer() == 2048LL << 20);
  CHECK(attributes.find("description")->as_string() == "a db");
  CHECK(schema::to_json(*attributes.find("tags")) == R"(["prod"])");  // k8s-csi is somebody else's
  CHECK(*attributes.find("agent") == Value::boolean(true));
  CHECK(attributes.find("restart")->as_string() == "never");
  CHECK(attributes.find("template")->as_string() == "debian12");
  CHECK(*attributes.find("cloud_init") == json(R"({"user":"admin","password":{"hmac":"x"}})"));
  CHECK(
      schema::to_json(*attributes.find("disk")) ==
      R"({"data":{"size":1099511627776,"slot":"scsi1","storage":"tank"},)"
      R"("os":{"discard":true,"on_remove":"destroy","size":21474836480,"slot":"scsi0","ssd":true,)"
      R"("storage":"local-lvm"}})");
  CHECK(
      schema::to_json(*attributes.find("nic")) ==
      R"({"lan":{"bridge":"vmbr0","dns":["10.0.0.1","1.1.1.1"],"gateway":"10.0.0.1","ip":"10.0.0.5/24",)"
      R"("mac":"BC:24:11:00:00:01","model":"virtio","slot":"net0"}})");
  CHECK(decoder.running_differences() == json(R"({"cores":2})"));
}

TEST_CASE("disks are followed by their volume and NICs by their MAC") {
  auto its_row = row();
  const auto moved = config(R"([{"key":"virtio3","value":"tank:vm-112-disk-1,size=1T"},
    {"key":"scsi0","value":"local-lvm:base-112-disk-0,size=20G"},{"key":"unused2","value":"x:y"},
    {"key":"net4","value":"e1000=bc:24:11:00:00:01,bridge=vmbr0"}])");
  const auto names = PartNames::of(moved, &its_row);
  CHECK(names.disk_slot("data") == "virtio3");
  CHECK(names.disk_slot("os") == "scsi0");  // renamed by the conversion, still in its slot
  CHECK(names.nic_slot("lan") == "net4");
  CHECK(names.undeclared() == std::vector<std::string>{"unused2"});

  const auto detached = config(R"([{"key":"unused0","value":"tank:vm-112-disk-1"}])");
  CHECK(PartNames::of(detached, &its_row).disk_slot("data") == "unused0");
  CHECK(PartNames::of(config(kPending), nullptr).disk_slot("scsi5") == "scsi5");
}

TEST_CASE("the facts name every volume that a delete frees, and what the topology does not name") {
  const auto live = config(kPending);
  const auto its_row = row();
  model::GuestFacts listed;
  listed.node = "pve2";
  listed.ha_state = "started";
  const auto facts = guest_facts(live, PartNames::of(live, &its_row), listed, "running", &its_row);
  const auto expected = json(R"j([
    {"bytes":1099511627776,"label":"disk.data (tank)","volume":"tank:vm-112-disk-1"},
    {"bytes":21474836480,"label":"disk.os (local-lvm)","volume":"local-lvm:vm-112-disk-0"},
    {"bytes":34359738368,"label":"scsi5 (local-lvm)","volume":"local-lvm:vm-112-disk-9"},
    {"bytes":0,"label":"unused0 (tank)","volume":"tank:vm-112-disk-3"}])j");
  CHECK(*facts.find("volumes") == expected);
  CHECK(schema::to_json(*facts.find("undeclared")) ==
        R"(["scsi5 local-lvm:vm-112-disk-9","unused0 tank:vm-112-disk-3"])");
  CHECK(schema::to_json(*facts.find("hotplug")) == R"(["network","disk","usb"])");
  CHECK(facts.find("ha")->as_boolean());
  CHECK(facts.find("agent")->as_boolean());
}

TEST_CASE("hotplug features and machine versions in all their forms") {
  CHECK(schema::to_json(hotplug_features(config(R"([{"key":"hotplug","value":"0"}])"))) == "[]");
  CHECK(schema::to_json(hotplug_features(config(R"([{"key":"hotplug","value":"1"}])"))) ==
        R"(["network","disk","usb"])");
  CHECK(schema::to_json(hotplug_features(config(R"([{"key":"hotplug","value":"cpu,memory"}])"))) ==
        R"(["cpu","memory"])");
  CHECK(machine_major("pc-q35-9.0+pve0,viommu=intel") == 9);
  CHECK(machine_major("pc-i440fx-10.1") == 10);
  CHECK_FALSE(machine_major("q35"));
}

TEST_CASE("a new guest gets everything in one request") {
  ConfigGoal goal;
  goal.schema = &vm().object;
  goal.after =
      json(R"({"name":"web","vmid":112,"node":"pve2","cores":2,"memory":1073741824,"agent":true,
    "scsi_controller":"virtio-scsi-single","tags":["web","app"],"onboot":true,"pool":"prod","description":"hi",
    "cloud_init":{"user":"admin","upgrade":false,"ssh_keys":["ssh-ed25519 AAAA a@b"],"password":{"hmac":"x"}},
    "disk":{"data":{"slot":"scsi1","size":10737418240,"storage":"tank","discard":true},
            "os":{"slot":"scsi0","storage":"local-lvm"}},
    "nic":{"lan":{"slot":"net0","bridge":"lan","mac":"BC:24:11:00:00:01","model":"virtio","vlan":5,
                  "ip":"10.0.0.5/24","gateway":"10.0.0.1","dns":["10.0.0.1"]}}})");
  goal.marker = Marker{"lab", "vm.web", 112, "n"};
  goal.bridges = {{"lan", "vmbr1"}};
  goal.imports = {{"os", "local:import/a.qcow2"}};
  goal.storage = "local-lvm";
  const auto request = config_request(goal);
  CHECK(sent(request) ==
        "name=web\ncores=2\nmemory=1024\nscsihw=virtio-scsi-single\ntags=app;web\nonboot=1\n"
        "description=hi\npveplan:lab:vm.web:112:n\nagent=1\n"
        "ciuser=admin\nsshkeys=ssh-ed25519%20AAAA%20a%40b%0A\nciupgrade=0\n"
        "scsi0=local-lvm:0,import-from=local:import/a.qcow2\nscsi1=tank:10,discard=on\n"
        "net0=virtio=BC:24:11:00:00:01,bridge=vmbr1,tag=5\nipconfig0=gw=10.0.0.1,ip=10.0.0.5/24\n"
        "nameserver=10.0.0.1\nscsi30=local-lvm:cloudinit\nboot=order=scsi0;net0\n");
  CHECK(request.allocates);
  CHECK(request.storages == std::vector<std::string>{"local-lvm", "tank"});
}

TEST_CASE("a guest that is as wanted is sent nothing") {
  const auto its_row = row();
  const auto request = config_request(goal_for(its_row, config(kPending), R"({"name":"db","cores":4,
    "agent":true,"tags":["prod"],"memory":2147483648,"cloud_init":{"user":"admin"},
    "disk":{"os":{"slot":"scsi0","size":21474836480,"discard":true},"data":{"slot":"scsi1"}},
    "nic":{"lan":{"slot":"net0","bridge":"vmbr0","mac":"BC:24:11:00:00:01","ip":"10.0.0.5/24",
                  "gateway":"10.0.0.1","dns":["10.0.0.1","1.1.1.1"]}}})"));
  CHECK(sent(request) == "");
  CHECK(request.empty());
}

TEST_CASE("changes keep what is not ours") {
  const auto its_row = row();
  auto goal =
      goal_for(its_row, config(kPending), R"({"cores":8,"tags":["web"],"agent":{"enabled":false},
    "disk":{"os":{"slot":"scsi0","discard":false},"data":{"slot":"scsi1"}},
    "nic":{"lan":{"slot":"net0","bridge":"vmbr1","mac":"BC:24:11:00:00:01"}}})");
  goal.reset = {"memory", "disk.os.ssd", "cloud_init.user"};
  const auto request = config_request(goal);
  CHECK(sent(request) ==
        "cores=8\ntags=k8s-csi;web\nagent=0,fstrim_cloned_disks=1\n"
        "scsi0=local-lvm:vm-112-disk-0,discard=ignore,size=20G\n"
        "net0=virtio=BC:24:11:00:00:01,bridge=vmbr1,rate=10\n-memory\n-ciuser\n");
  CHECK_FALSE(request.allocates);
  CHECK(request.plugs);
  CHECK(request.at_next_start);
}

TEST_CASE("parts come and go by name") {
  auto its_row = row();
  auto goal = goal_for(its_row, config(kPending), R"({
    "disk":{"os":{"slot":"scsi0"},"log":{"slot":"scsi2","size":1073741824,"storage":"tank"}},
    "nic":{"dmz":{"slot":"net1","bridge":"vmbr1","mac":"BC:24:11:00:00:02","model":"virtio","ip":"dhcp"}}})");
  goal.removed = {"disk.data", "nic.lan"};
  const auto request = config_request(goal);
  CHECK(sent(request) ==
        "scsi2=tank:1\nnet1=virtio=BC:24:11:00:00:02,bridge=vmbr1\nipconfig1=ip=dhcp\n"
        "-scsi1\n-net0\n-ipconfig0\n");
  CHECK(request.allocates);
}

TEST_CASE("a detached volume is attached again, never made a second time") {
  auto its_row = row();
  const auto live = config(R"([{"key":"scsi0","value":"local-lvm:vm-112-disk-0,size=20G"},
    {"key":"unused0","value":"tank:vm-112-disk-1"},{"key":"description","value":"pveplan:lab:vm.db:112:abc"}])");
  const auto after =
      R"({"disk":{"os":{"slot":"scsi0"},"data":{"slot":"scsi1","size":5,"storage":"tank","ssd":true}}})";
  const auto request = config_request(goal_for(its_row, live, after));
  CHECK(sent(request) == "scsi1=tank:vm-112-disk-1,ssd=1\n");
  CHECK_FALSE(request.allocates);

  its_row.parts.at("disk.data").kept = true;
  auto goal = goal_for(its_row, live, after);
  goal.detached = {{"data", "tank:vm-112-disk-1"}};
  CHECK(sent(config_request(goal)) == "scsi1=tank:vm-112-disk-1,ssd=1\n");
}

TEST_CASE("a lost marker comes back with the next write, but is no reason for one") {
  const auto its_row = row();
  const auto live = config(R"([{"key":"cores","value":4},{"key":"description","value":"a db"}])");
  CHECK(config_request(goal_for(its_row, live, R"({"cores":4})")).empty());
  CHECK(sent(config_request(goal_for(its_row, live, R"({"cores":2})"))) ==
        "cores=2\ndescription=a db\npveplan:lab:vm.db:112:abc\n");
}

TEST_CASE("exports of a guest follow its lowest NIC") {
  const auto after = json(R"({"nic":{"b":{"slot":"net0","ip":"10.0.0.5/24","mac":"AA"},
                                     "a":{"slot":"net1","ip":"10.1.0.5/24"},"c":{"slot":"net2","ip":"dhcp"}}})");
  CHECK(schema::to_json(guest_exports(after, json(R"({"vmid":112,"node":"pve2"})"))) ==
        R"({"id":112,"ip":"10.0.0.5","ips":["10.0.0.5","10.1.0.5"],"mac":"AA","node":"pve2"})");
  CHECK(schema::to_json(
            guest_exports(json(R"({"nic":{"a":{"slot":"net0","ip":"dhcp"}}})"), Value())) == "{}");
}

TEST_CASE("what a row owes is a list that shrinks to nothing") {
  model::Row its_row;
  set_unfinished(its_row, {"configure", "start"});
  CHECK(its_row.status == model::RowStatus::incomplete);
  CHECK(unfinished_of(its_row.notes) == std::vector<std::string>{"configure", "start"});
  set_unfinished(its_row, {});
  CHECK(its_row.status == model::RowStatus::ok);
  CHECK(its_row.notes.is_null());
}
