#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using namespace pveplan::schema;
using tests::TopologyText;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n";
const std::string kServer =
    kHead + "[proxmox]\nendpoint = \"https://a:8006\"\ntoken = { env = \"T\" }\n";

std::string addresses(const Loaded& loaded) {
  if (!loaded.topology) return "errors";
  std::string result;
  for (const auto& resource : loaded.topology->resources) result += resource.address.text() + " ";
  return result;
}

const Resource& at(const Loaded& loaded, std::string_view address) {
  REQUIRE(loaded.topology);
  const auto* resource = loaded.topology->find(*parse_address(address));
  REQUIRE(resource != nullptr);
  return *resource;
}

Value value_at(const Loaded& loaded, const std::string& address, const std::string& path) {
  const auto* value = at(loaded, address).attributes.find(Path::parse(path));
  return value == nullptr ? Value() : *value;
}

}  // namespace

TEST_CASE("count, for_each and each tables give the keys") {
  const auto [block, expected] = GENERATE(table<std::string, std::string>({
      {"", "record.a "},
      {"count = 3", "record.a[1] record.a[2] record.a[3] "},
      {"count = 0", ""},
      {"count = 11\ninput = 1",
       "record.a[1] record.a[2] record.a[3] record.a[4] record.a[5] record.a[6] record.a[7] "
       "record.a[8] record.a[9] record.a[10] record.a[11] "},
      {"for_each = [\"b\", \"a\"]", "record.a[a] record.a[b] "},
      {"for_each = []", ""},
      {"each.x.input = 1\neach.y.input = 2", "record.a[x] record.a[y] "},
      {"count = 2\neach.2.input = 5", "record.a[1] record.a[2] "},
      {"count = \"${var.n}\"", "record.a[1] record.a[2] "},
      {"for_each = \"${var.list}\"", "record.a[p] record.a[q] "},
      {"count = 2\neach.3.input = 5", "errors"},
      {"count = 2.0", "errors"},
      {"for_each = [1]", "errors"},
  }));
  INFO(block);
  const auto loaded = TopologyText(kHead +
                                   "[variable.n]\ndefault = 2\n[variable.list]\ndefault = "
                                   "[\"q\", \"p\"]\n[record.a]\n" +
                                   block + "\n")
                          .load();
  CHECK(addresses(loaded) == expected);
}

TEST_CASE("overrides lie on the block, leaf by leaf") {
  const auto loaded = TopologyText(kHead + R"(
[record.a]
for_each = ["x", "y"]
input = { a = 1, b = { c = 2, d = [1, 2] }, key = "${each.key}" }
[record.a.each.y.input]
b.d = [3]
e = 4
)")
                          .load();
  CHECK(value_at(loaded, "record.a[x]", "input.b.c") == Value::integer(2));
  CHECK(value_at(loaded, "record.a[y]", "input.b.c") == Value::integer(2));
  CHECK(value_at(loaded, "record.a[y]", "input.b.d").as_list().size() == 1);
  CHECK(value_at(loaded, "record.a[y]", "input.e") == Value::integer(4));
  CHECK(value_at(loaded, "record.a[y]", "input.key") == Value::string("y"));
  CHECK(value_at(loaded, "record.a[x]", "input.e").is_null());
}

TEST_CASE("profiles are merged per leaf from left to right, and the block wins") {
  const std::string text = kServer + R"(
[profile.linux]
cores = 2
memory = "2GiB"
tags = ["linux"]
nic.lan = { bridge = "vmbr0", vlan = 20, model = "e1000" }
cloud_init.password = { env = "A" }
[profile.large]
memory = "8GiB"
tags = ["large"]
nic.lan.model = "virtio"
agent = true
[vm.a]
use = ["linux", "large"]
unset = ["nic.lan.vlan"]
cores = 8
agent = { enabled = true, type = "isa" }
cloud_init.password = { file = "b" }
nic.dmz.bridge = "vmbr1"
)";
  const auto loaded = TopologyText(text).load();
  CHECK(value_at(loaded, "vm.a", "cores") == Value::integer(8));
  CHECK(value_at(loaded, "vm.a", "memory") == Value::integer(std::int64_t{8} << 30));
  CHECK(value_at(loaded, "vm.a", "tags") == Value::list({Value::string("large")}));
  CHECK(value_at(loaded, "vm.a", "nic.lan.bridge") == Value::string("vmbr0"));
  CHECK(value_at(loaded, "vm.a", "nic.lan.model") == Value::string("virtio"));
  CHECK(value_at(loaded, "vm.a", "nic.lan.vlan").is_null());
  CHECK(value_at(loaded, "vm.a", "nic.dmz.bridge") == Value::string("vmbr1"));
  CHECK(value_at(loaded, "vm.a", "agent.type") == Value::string("isa"));
  CHECK(value_at(loaded, "vm.a", "cloud_init.password.env").is_null());
  CHECK(value_at(loaded, "vm.a", "cloud_init.password.file") == Value::string("b"));
  CHECK(at(loaded, "vm.a").unset == std::set<std::string>{"nic.lan.vlan"});
}

TEST_CASE("a value knows the place where it was written") {
  const std::string text = kServer + R"([profile.linux]
memory = "2GiB"
nic.lan = { bridge = "vmbr0" }
[vm.a]
use = ["linux"]
cores = 8
disk.data = { count = 2, storage = "tank", size = "1TiB" }
)";
  const auto loaded = TopologyText(text).load();
  const auto& vm = at(loaded, "vm.a");
  const auto written = [&](const std::string& path) {
    const auto span = vm.span_of(Path::parse(path));
    return loaded.sources.text(span.file).substr(span.begin, span.end - span.begin);
  };
  CHECK(written("memory") == "\"2GiB\"");
  CHECK(written("nic.lan.bridge") == "\"vmbr0\"");
  CHECK(written("cores") == "8");
  CHECK(written("disk.data[2].size") == "\"1TiB\"");
  CHECK(written("disk.data[1]") == "data");
  CHECK(written("bios") == "[vm.a]");
  CHECK(written("nic.lan.vlan") == "lan");
}

TEST_CASE("per-node resources have one instance for each stated node") {
  const auto loaded = TopologyText(kServer + R"(
[bridge.vmbr1]
nodes = ["pve2", "pve1"]
ports = ["eno2"]
mtu = { pve1 = 9000 }
comment = "on ${each.key}"
each.pve2.ports = ["enp3s0"]
)")
                          .load();
  CHECK(addresses(loaded) == "bridge.vmbr1[pve1] bridge.vmbr1[pve2] ");
  CHECK(value_at(loaded, "bridge.vmbr1[pve1]", "mtu") == Value::integer(9000));
  CHECK(value_at(loaded, "bridge.vmbr1[pve2]", "mtu").is_null());
  CHECK(value_at(loaded, "bridge.vmbr1[pve2]", "ports") == Value::list({Value::string("enp3s0")}));
  CHECK(value_at(loaded, "bridge.vmbr1[pve2]", "comment") == Value::string("on pve2"));
  CHECK(at(loaded, "bridge.vmbr1[pve2]").attributes.find("nodes") == nullptr);
}

TEST_CASE("a per-node resource without nodes stays one until it is expanded") {
  auto loaded = TopologyText(kServer + R"(
[image.debian12]
known = "debian-12"
storage = "local"
[template.t]
image = "debian12"
storage = "local-lvm"
vmid = { pve1 = 9000 }
description = "on ${each.key}"
each.pve2.storage = "tank"
)")
                    .load();
  REQUIRE(loaded.topology);
  const auto one = at(loaded, "template.t");
  CHECK(one.unexpanded());
  CHECK(one.attributes.find("description")->is_unknown());
  CHECK(one.attributes.find("vmid") == nullptr);
  loaded = Loaded();  // recipes outlive what they came from
  const auto instances = expand_per_node(one, {"pve2", "pve1", "pve2"});
  REQUIRE(instances.size() == 2);
  CHECK(instances[0].address.text() == "template.t[pve1]");
  CHECK(*instances[0].attributes.find("vmid") == Value::integer(9000));
  CHECK(*instances[0].attributes.find("storage") == Value::string("local-lvm"));
  CHECK(*instances[0].attributes.find("description") == Value::string("on pve1"));
  CHECK(instances[1].attributes.find("vmid") == nullptr);
  CHECK(*instances[1].attributes.find("storage") == Value::string("tank"));
  CHECK(instances[1].dependencies.size() == 1);
  CHECK_FALSE(instances[1].unexpanded());
}

TEST_CASE("parts with a count are numbered parts") {
  const auto loaded = TopologyText(kServer + R"(
[vm.a]
disk.osd = { count = 3, storage = "tank", size = "1TiB" }
disk.none = { count = 0, storage = "tank", size = "1TiB" }
)")
                          .load();
  const auto disks = value_at(loaded, "vm.a", "disk");
  REQUIRE(disks.as_fields().size() == 3);
  CHECK(disks.as_fields()[0].first == "osd[1]");
  CHECK(disks.find("osd[3]")->find("count") == nullptr);
}

TEST_CASE("dependencies name target, attribute and place") {
  const auto loaded = TopologyText(kServer + R"(
[pool.p]
[bridge.vmbr1]
nodes = ["pve1"]
[ip_pool.lan]
cidr = "10.0.0.0/24"
allocate = ["10.0.0.9"]
[record.r]
count = 2
[vm.a]
pool = "p"
nic.lan = { bridge = "vmbr1", ip = "pool:lan" }
nic.old = { bridge = "vmbr0" }
description = "${record.r[1].id}"
after = ["record.r", "bridge.vmbr1[pve1]"]
)")
                          .load();
  std::string found;
  for (const auto& each : at(loaded, "vm.a").dependencies) {
    found += each.attribute + ">" + each.target.text() + " ";
  }
  CHECK(found ==
        "description>record.r[1] nic.lan.bridge>bridge.vmbr1 nic.lan.ip>ip_pool.lan pool>pool.p "
        "after>record.r after>bridge.vmbr1[pve1] ");
}

TEST_CASE("public keys are read from the files that name them") {
  const auto loaded = TopologyText(kServer + R"(
[vm.a.cloud_init]
ssh_keys = ["ssh-ed25519 AAAA me", "~/.ssh/id.pub", "keys.pub"]
)")
                          .environment("HOME", "/home/me")
                          .file("/home/me/.ssh/id.pub", "ssh-ed25519 BBBB home\n")
                          .file("keys.pub", "# two\nssh-rsa CCCC x\r\n\necdsa-sha2-nistp256 DDDD y")
                          .load();
  const auto keys = value_at(loaded, "vm.a", "cloud_init.ssh_keys");
  REQUIRE(keys.kind() == Value::Kind::list);
  REQUIRE(keys.as_list().size() == 4);
  CHECK(keys.as_list()[1].as_string() == "ssh-ed25519 BBBB home");
  CHECK(keys.as_list()[2].as_string() == "ssh-rsa CCCC x");
}

TEST_CASE("root blocks are read") {
  const auto loaded = TopologyText(R"(
[pveplan]
name = "lab-${env.STAGE}"
requires = ">=0.1, <2"
vmids = ["2000-2999", "120"]
secret_key = { file = "key" }
[proxmox]
endpoint = ["https://a:8006", "https://b:8006"]
tls.ca_file = "ca.pem"
login = { user = "root@pam", password = { command = ["pass", "pve"] } }
)")
                          .environment("STAGE", "x")
                          .load();
  REQUIRE(loaded.topology);
  const auto& topology = *loaded.topology;
  CHECK(topology.name == "lab-x");
  REQUIRE(topology.vmids.size() == 2);
  CHECK(topology.vmids[0].last == 2999);
  CHECK(topology.vmids[1].first == 120);
  CHECK(topology.secret_key->kind == SecretSource::Kind::file);
  REQUIRE(topology.connection);
  CHECK(topology.connection->endpoints.size() == 2);
  CHECK(topology.connection->ca_file == "ca.pem");
  CHECK(topology.connection->login_user == "root@pam");
  CHECK(topology.connection->login_password->command == std::vector<std::string>{"pass", "pve"});
}
