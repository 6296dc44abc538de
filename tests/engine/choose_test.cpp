#include "engine/choose/choose.hpp"

#include "schema/json.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using engine::ChoiceFacts;
using engine::Choices;
using schema::Value;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

const std::string kHead =
    "[pveplan]\nname = \"t\"\nvmids = [\"100-199\"]\n[proxmox]\nendpoint = \"https://a:8006\"\n"
    "token = { env = \"T\" }\n";

/// Three nodes, pve3 last to be chosen: it has more guests than the others.
model::ClusterFacts three_nodes() {
  model::ClusterFacts facts;
  facts.identity = "cluster-a";
  facts.version = 804;
  for (const char* name : {"pve1", "pve2", "pve3"}) {
    facts.nodes.push_back({name, true, 64 * kGiB, 0, {}});
    facts.storages.push_back(
        {name, "local", "dir", {"import", "iso", "images"}, false, true, 100 * kGiB, 0});
    facts.storages.push_back(
        {name, "local-lvm", "lvmthin", {"images"}, false, true, 100 * kGiB, 0});
  }
  model::GuestFacts foreign;
  foreign.vmid = 100;
  foreign.node = "pve3";
  foreign.memory = 8 * kGiB;
  facts.guests.push_back(foreign);
  return facts;
}

class World {
 public:
  explicit World(const std::string& text) : loaded(tests::TopologyText(kHead + text).load()) {
    INFO(tests::TopologyText(kHead + text).messages());
    REQUIRE(loaded.topology);
  }

  Choices choose() const { return engine::choose(*loaded.topology, state, cluster, facts); }

  std::string at(const std::string& address, const std::string& path) const {
    const auto choices = choose();
    const auto key = *schema::parse_address(address);
    const auto chosen = choices.attributes.find(key);
    const auto* resource = choices.topology(*loaded.topology).find(key);
    if (resource == nullptr) return "no such resource";
    const auto& attributes =
        chosen == choices.attributes.end() ? resource->attributes : chosen->second;
    const auto* value = attributes.find(schema::Path::parse(path));
    if (value == nullptr) return "-";
    return value->is_string() ? value->as_string() : schema::to_json(*value);
  }

  std::string errors() const {
    std::string text;
    const auto choices = choose();
    for (const auto& each : choices.diagnostics.items()) text += each.summary + ": " + each.detail;
    return text;
  }

  std::string addresses() const {
    std::string text;
    const auto choices = choose();
    for (const auto& each : choices.topology(*loaded.topology).resources)
      text += each.address.text() + " ";
    return text;
  }

  void remember(const std::string& address, const std::string& owned) {
    model::Row row;
    row.address = *schema::parse_address(address);
    row.owned = *schema::parse_json(owned);
    row.identity = row.owned;
    state.rows.insert_or_assign(row.address, row);
  }

  schema::Loaded loaded;
  state::StateFile state;
  model::ClusterFacts cluster = three_nodes();
  ChoiceFacts facts;
};

const std::string kPools =
    "[ip_pool.lan]\ncidr = \"10.0.0.0/24\"\nallocate = [\"10.0.0.10-10.0.0.12\"]\n"
    "reserve = [\"10.0.0.11\"]\ngateway = \"10.0.0.1\"\ndns = [\"10.0.0.1\"]\n"
    "[ip_pool.san]\ncidr = \"10.9.0.0/24\"\nallocate = [\"10.9.0.5-10.9.0.9\"]\n";

}  // namespace

TEST_CASE("VMIDs are the lowest free ones in address order") {
  World world("[vm.b]\n[vm.a]\n[vm.c]\nvmid = 102\n");
  CHECK(world.at("vm.a", "vmid") == "101");  // 100 is somebody else's
  CHECK(world.at("vm.b", "vmid") == "103");
  CHECK(world.choose().new_vmids == std::set<std::int64_t>{101, 103});

  SECTION("an id that the listing hides is skipped") {
    world.facts.taken_vmids = {101};
    CHECK(world.at("vm.a", "vmid") == "103");
  }
  SECTION("a remembered one is kept") {
    world.remember("vm.b", R"({"vmid":150,"node":"pve2"})");
    CHECK(world.at("vm.b", "vmid") == "150");
    CHECK(world.at("vm.b", "node") == "pve2");
    CHECK(world.choose().new_vmids == std::set<std::int64_t>{101});
  }
  SECTION("ids of the dead, and ids that backups go by, come last") {
    world.state.retired_vmids = {101};
    world.facts.around.vmids_with_volumes = {103};
    CHECK(world.at("vm.a", "vmid") == "104");
    for (int vmid = 104; vmid < 200; ++vmid) world.facts.taken_vmids.insert(vmid);
    CHECK(world.at("vm.a", "vmid") == "101");
    CHECK(world.at("vm.b", "vmid") == "103");
  }
  SECTION("a full range is an error") {
    for (int vmid = 100; vmid < 200; ++vmid) world.facts.taken_vmids.insert(vmid);
    CHECK(world.errors().starts_with("No free VMID"));
  }
}

TEST_CASE("keys of a count are taken as numbers") {
  const World world("[vm.a]\ncount = 10\n");
  CHECK(world.at("vm.a[2]", "vmid") == "102");
  CHECK(world.at("vm.a[10]", "vmid") == "110");
  CHECK(world.at("vm.a[10]", "name") == "a-10");
}

TEST_CASE("placement takes the node with the fewest guests of ours, then of all, then by name") {
  World world("[vm.a]\ncount = 4\n");
  CHECK(world.at("vm.a[1]", "node") == "pve1");
  CHECK(world.at("vm.a[2]", "node") == "pve2");
  CHECK(world.at("vm.a[3]", "node") == "pve3");
  CHECK(world.at("vm.a[4]", "node") == "pve1");

  SECTION("an offline node gets nothing new") {
    world.cluster.nodes[0].online = false;
    CHECK(world.at("vm.a[1]", "node") == "pve2");
    CHECK(world.at("vm.a[2]", "node") == "pve3");
  }
  SECTION("guests that have a node keep it and count first") {
    world.remember("vm.a[4]", R"({"vmid":140,"node":"pve1"})");
    CHECK(world.at("vm.a[1]", "node") == "pve2");
    CHECK(world.at("vm.a[4]", "node") == "pve1");
  }
}

TEST_CASE("memory, spread and apart steer placement") {
  const World memory("[vm.a]\ncount = 2\nplacement = \"memory\"\nmemory = \"4GiB\"\n");
  CHECK(memory.at("vm.a[1]", "node") == "pve1");
  CHECK(memory.at("vm.a[2]", "node") == "pve2");
  const World apart(
      "[vm.a]\nnode = \"pve1\"\napart = \"db\"\n[vm.b]\nnode = \"pve2\"\n[vm.c]\nnode = \"pve2\"\n"
      "[vm.d]\napart = \"db\"\n[vm.e]\nnode = \"pve3\"\n[vm.f]\nnode = \"pve3\"\n[vm.g]\nnode = "
      "\"pve3\"\n");
  CHECK(apart.at("vm.d", "node") == "pve2");  // pve1 has fewer guests, but the other database
}

TEST_CASE(
    "a node without the storage is no candidate, and no candidate is an error that says why") {
  World world("[vm.a]\ndisk.data = { storage = \"tank\", size = \"1GiB\" }\n");
  CHECK(world.errors() ==
        "No node to place it on: No node of the cluster can hold vm.a: pve1 has no storage tank "
        "that this token may see, pve2 has no storage tank that this token may see and pve3 has no "
        "storage tank that this token may see.");
  world.cluster.storages.push_back(
      {"pve2", "tank", "zfspool", {"images"}, false, true, kGiB * 10, 0});
  CHECK(world.at("vm.a", "node") == "pve2");
}

TEST_CASE("the nodes of what is on each node must exist") {
  World world("[bridge.vmbr1]\nnodes = [\"pve1\", \"pev2\"]\n");
  CHECK(world.errors() ==
        "Unknown node: The cluster has no node \"pev2\"; it has pve1, pve2 and pve3. Did you mean "
        "\"pve2\"?");
}

TEST_CASE("a stated node must exist, and waits while it is offline") {
  World unknown("[vm.a]\ncount = 3\nnode = \"pve9\"\n");
  CHECK(unknown.errors() ==
        "Unknown node: The cluster has no node \"pve9\"; it has pve1, pve2 and pve3. Did you mean "
        "\"pve1\", \"pve2\" or \"pve3\"?");
  World offline("[vm.a]\nnode = \"pve2\"\n");
  offline.cluster.nodes[1].online = false;
  CHECK(offline.choose().unreachable.at(*schema::parse_address("vm.a")) == "node pve2 is offline");
  offline.remember("vm.a", R"({"vmid":140,"node":"pve2"})");
  CHECK(offline.choose().unreachable.empty());  // reading it says so
}

const std::string kTemplate =
    "[image.d]\nurl = \"https://x.test/d.qcow2\"\nstorage = \"local\"\nchecksum = \"sha256:"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n"
    "[template.t]\nimage = \"d\"\nstorage = \"local-lvm\"\n";

TEST_CASE("templates and images are where guests use them, and where they were") {
  World world(kTemplate + "[vm.a]\ntemplate = \"t\"\nnode = \"pve2\"\n");
  CHECK(world.addresses() == "image.d[pve2] template.t[pve2] vm.a ");
  CHECK(world.at("template.t[pve2]", "name") == "t");
  world.remember("template.t[pve1]", R"({"vmid":120,"node":"pve1"})");
  CHECK(world.addresses() == "image.d[pve1] image.d[pve2] template.t[pve1] template.t[pve2] vm.a ");

  World unused(kTemplate);
  CHECK(unused.errors().starts_with("Nothing uses it: No guest or template uses image.d"));
}

TEST_CASE("on shared storage there is one instance without a key") {
  World world(kTemplate + "[vm.a]\ntemplate = \"t\"\ncount = 2\n");
  for (auto& storage : world.cluster.storages) storage.shared = true;
  CHECK(world.addresses() == "image.d template.t vm.a[1] vm.a[2] ");
}

TEST_CASE("a guest goes only where its template is") {
  const World world(kTemplate + "nodes = [\"pve3\"]\n[vm.a]\ntemplate = \"t\"\n");
  CHECK(world.at("vm.a", "node") == "pve3");
}

TEST_CASE("slots: os first, then by name; stated and remembered ones stay") {
  const std::string disks =
      "[vm.a]\ndisk.b = { storage = \"local-lvm\", size = \"1GiB\" }\n"
      "disk.os = { storage = \"local-lvm\", size = \"1GiB\" }\n"
      "disk.a = { storage = \"local-lvm\", size = \"1GiB\" }\n";
  World world(disks);
  CHECK(world.at("vm.a", "disk.os.slot") == "scsi0");
  CHECK(world.at("vm.a", "disk.a.slot") == "scsi1");
  CHECK(world.at("vm.a", "disk.b.slot") == "scsi2");
  SECTION("remembered") {
    world.remember("vm.a", R"({"vmid":101,"node":"pve1","disk":{"b":{"slot":"scsi1"}}})");
    CHECK(world.at("vm.a", "disk.b.slot") == "scsi1");
    CHECK(world.at("vm.a", "disk.a.slot") == "scsi2");
  }
  SECTION("what leaves in this plan still has its slot") {
    world.remember("vm.a", R"({"vmid":101,"node":"pve1","disk":{"old":{"slot":"scsi1"}}})");
    CHECK(world.at("vm.a", "disk.a.slot") == "scsi2");
  }
  SECTION("what the topology does not declare keeps its slot") {
    world.facts.occupied_slots[*schema::parse_address("vm.a")] = {"scsi1"};
    CHECK(world.at("vm.a", "disk.a.slot") == "scsi2");
    CHECK(world.at("vm.a", "disk.b.slot") == "scsi3");
  }
}

TEST_CASE("disks with a count are numbered as people count") {
  const World world(
      "[vm.a]\ndisk.osd = { count = 11, storage = \"local-lvm\", size = \"1GiB\" }\n");
  CHECK(world.at("vm.a", "disk.osd[2].slot") == "scsi1");
  CHECK(world.at("vm.a", "disk.osd[11].slot") == "scsi10");
}

TEST_CASE("NICs with a gateway come first and get the lowest free address of their pool") {
  const std::string nics =
      "[vm.a]\nnic.backup = { bridge = \"vmbr1\", ip = \"pool:san\" }\n"
      "nic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n";
  World world(kPools + nics + "[vm.b]\nnic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n");
  CHECK(world.at("vm.a", "nic.lan.slot") == "net0");
  CHECK(world.at("vm.a", "nic.backup.slot") == "net1");
  CHECK(world.at("vm.a", "nic.lan.ip") == "10.0.0.10/24");
  CHECK(world.at("vm.b", "nic.lan.ip") == "10.0.0.12/24");  // .11 is reserved
  CHECK(world.at("vm.a", "nic.lan.gateway") == "10.0.0.1");
  CHECK(world.at("vm.a", "nic.lan.dns") == "[\"10.0.0.1\"]");
  CHECK(world.at("vm.a", "nic.backup.gateway") == "-");

  SECTION("addresses of others are left alone, and an empty pool is an error") {
    world.facts.around.addresses = {"10.0.0.10"};
    CHECK(world.at("vm.a", "nic.lan.ip") == "10.0.0.12/24");
    CHECK(world.errors().starts_with(
        "No free address: Every address of ip_pool.lan is taken, and nic.lan of vm.b needs one."));
  }
  SECTION("an address is kept for life") {
    world.remember("vm.b", R"({"vmid":102,"node":"pve1","nic":{"lan":{"ip":"10.0.0.10/24"}}})");
    CHECK(world.at("vm.b", "nic.lan.ip") == "10.0.0.10/24");
    CHECK(world.at("vm.a", "nic.lan.ip") == "10.0.0.12/24");
  }
}

TEST_CASE("a MAC follows from cluster, topology, address and part, and gives way to others") {
  const std::string text = "[vm.a]\nnic.lan.bridge = \"vmbr0\"\nnic.san.bridge = \"vmbr0\"\n";
  World world(text);
  const auto mac = world.at("vm.a", "nic.lan.mac");
  CHECK(mac.size() == 17);
  CHECK(mac.starts_with("BC:24:11:"));
  CHECK(mac == World(text).at("vm.a", "nic.lan.mac"));
  CHECK(mac != world.at("vm.a", "nic.san.mac"));
  world.facts.around.macs = {mac};
  const auto other = world.at("vm.a", "nic.lan.mac");
  CHECK(other != mac);
  CHECK(other.starts_with(mac.substr(0, 15).substr(0, 12)));
  world.cluster.identity = "cluster-b";
  CHECK(world.at("vm.a", "nic.lan.mac") != mac);
  world.cluster.mac_prefix = "AA:BB";
  CHECK(world.at("vm.a", "nic.lan.mac").starts_with("AA:BB:"));
}

TEST_CASE("the order of the text makes no difference to what is chosen") {
  const std::string a = "[vm.a]\nnic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n";
  const std::string b = "[vm.b]\nnic.lan = { bridge = \"vmbr0\", ip = \"pool:lan\" }\n";
  const World first(kPools + a + b), second(b + a + kPools);
  for (const char* path : {"vmid", "node", "name", "nic.lan.ip", "nic.lan.mac", "nic.lan.slot"}) {
    CHECK(first.at("vm.a", path) == second.at("vm.a", path));
    CHECK(first.at("vm.b", path) == second.at("vm.b", path));
  }
}
