#include "schema/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using namespace pveplan::schema;
using tests::TopologyText;

TEST_CASE("a record holds its values and depends on what it refers to") {
  const auto loaded = TopologyText(R"(
[pveplan]
name = "t"
[record.a]
input = 1
[record.b.input]
parent = "${record.a.id}"
text = "x-${record.a.output}-y"
n = [1, 2.50, true]
)")
                          .load();
  REQUIRE(loaded.topology);
  const auto* b = loaded.topology->find(*parse_address("record.b"));
  REQUIRE(b != nullptr);
  const auto* input = b->attributes.find("input");
  REQUIRE(input != nullptr);
  CHECK(input->find("parent")->as_reference().is_whole());
  CHECK(input->find("text")->as_reference().text() == "x-${record.a.output}-y");
  CHECK(input->find("n")->as_list()[1].as_decimal() == "2.50");
  REQUIRE(b->dependencies.size() == 2);
  CHECK(b->dependencies[0].target.text() == "record.a");
  CHECK(b->dependencies[0].attribute == "input.parent");
}

TEST_CASE("a topology of guests decodes without a server") {
  const auto loaded = TopologyText(R"(
[pveplan]
name = "lab"
vmids = ["2000-2999"]
[proxmox]
endpoint = "https://pve1.lan:8006"
tls.ca_file = "ca.pem"
token = { env = "TOKEN" }
[pool.prod]
[ip_pool.lan]
cidr = "10.0.0.0/24"
allocate = ["10.0.0.50-10.0.0.99"]
gateway = "10.0.0.1"
[image.debian12]
known = "debian-12"
storage = "local"
[template.debian12]
image = "debian12"
storage = "local-lvm"
disk.os.size = "8GiB"
[profile.linux]
template = "debian12"
nic.lan = { bridge = "vmbr0", ip = "pool:lan" }
[vm.db]
use = ["linux"]
count = 2
memory = "4GiB"
pool = "prod"
each.2.memory = "8GiB"
disk.data = { count = 2, storage = "tank", size = "1TiB" }
)")
                          .load();
  REQUIRE(loaded.topology);
  const auto& topology = *loaded.topology;
  CHECK(topology.resources.size() == 6);
  const auto* second = topology.find(*parse_address("vm.db[2]"));
  REQUIRE(second != nullptr);
  CHECK(second->attributes.find("memory")->as_integer() == std::int64_t{8} << 30);
  CHECK(second->attributes.find(Path::parse("disk.data[2].size"))->as_integer() == std::int64_t{1}
                                                                                       << 40);
  CHECK(second->attributes.find(Path::parse("nic.lan.ip"))->as_string() == "pool:lan");
  CHECK(second->dependencies.size() == 3);
  const auto* copy = topology.find(*parse_address("template.debian12"));
  REQUIRE(copy != nullptr);
  REQUIRE(copy->unexpanded());
  const auto expanded = expand_per_node(*copy, {"pve2", "pve1"});
  REQUIRE(expanded.size() == 2);
  CHECK(expanded[0].address.text() == "template.debian12[pve1]");
  CHECK(expanded[0].attributes == copy->attributes);
}
