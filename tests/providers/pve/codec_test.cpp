#include "providers/pve/guest_codec/drive.hpp"
#include "providers/pve/guest_codec/guest_config.hpp"
#include "providers/pve/guest_codec/marker.hpp"
#include "providers/pve/guest_codec/nic.hpp"
#include "providers/pve/guest_codec/options.hpp"
#include "providers/pve/guest_codec/slots.hpp"
#include "providers/pve/property_string.hpp"
#include "providers/pve/resources/guest_parts/guest_schemas.hpp"
#include "providers/pve/resources/vm/schema.hpp"
#include "providers/pve/size_text.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan;
using namespace pveplan::pve;
using schema::Value;

namespace {

Value json(const char* text) { return *schema::parse_json(text); }
std::string text(const Value& value) { return schema::to_json(value); }

constexpr std::int64_t kGibi = 1024LL * 1024 * 1024;

}  // namespace

TEST_CASE("recorded property strings survive parsing and printing") {
  struct Row {
    const char* text;
    const PropertyFormat& format;
  };
  const auto row = GENERATE(values<Row>({
      {"virtio=BC:24:11:1D:A7:36,bridge=vmbr0", net_format()},
      {"e1000=BC:24:11:00:00:01,bridge=vmbr0,link_down=1,mtu=1400,rate=10,tag=42", net_format()},
      {"local-lvm:vm-101-disk-0,efitype=4m,ms-cert=2023k,pre-enrolled-keys=1,size=4M",
       drive_format()},
      {"local:121/base-121-disk-0.qcow2/141/vm-141-disk-0.qcow2,size=2G", drive_format()},
      {"local:iso/tiny.iso,media=cdrom,size=350K", drive_format()},
      {"ip=10.10.10.50/24,gw=10.10.10.1", plain_format()},
      {"uuid=b09a5853-2df2-4526-b1ed-cb64d5160e97", plain_format()},
  }));
  INFO(row.text);
  const auto parsed = PropertyString::parse(row.text, row.format);
  CHECK(parsed == PropertyString::parse(parsed.print(), row.format));
  // ipconfig is stored as it was sent, everything else as the server prints it
  if (&row.format != &plain_format()) CHECK(parsed.print() == row.text);
}

TEST_CASE("default keys, aliases and unknown keys of property strings") {
  CHECK(PropertyString::parse("cputype=host,flags=+aes", cpu_format()) ==
        PropertyString::parse("host,flags=+aes", cpu_format()));
  CHECK(PropertyString::parse("enabled=1", agent_format()) ==
        PropertyString::parse("1", agent_format()));
  CHECK(PropertyString::parse("volume=local:1", drive_format()).text("file") == "local:1");
  CHECK(PropertyString::parse("virtio,bridge=vmbr0", net_format()).print() ==
        "virtio,bridge=vmbr0");
  CHECK(PropertyString::parse("model=virtio,macaddr=BC:24:11:00:00:01", net_format()).print() ==
        "virtio=BC:24:11:00:00:01");
  auto odd = PropertyString::parse("local:1,future-key=x y,,ssd=1", drive_format());
  odd.set("ssd", "0");
  CHECK(odd.print() == "local:1,future-key=x y,ssd=0");
  odd.erase("ssd");
  CHECK(odd.find("ssd") == nullptr);
  CHECK(PropertyString().empty());
}

TEST_CASE("sizes are read and written as the server does it") {
  struct Row {
    const char* text;
    std::int64_t bytes;
  };
  const auto row = GENERATE(values<Row>({{"32G", 32 * kGibi},
                                         {"10752M", 10752LL << 20},
                                         {"1T", 1LL << 40},
                                         {"528K", 540672},
                                         {"540673", 540673},
                                         {"350K", 358400}}));
  CHECK(parse_size_text(row.text) == row.bytes);
  CHECK(size_text(row.bytes) == row.text);
  CHECK(parse_size_text("1.5G") == 1536LL << 20);
  CHECK(parse_size_text("4GiB") == 4 * kGibi);
  CHECK_FALSE(parse_size_text("x"));
  CHECK_FALSE(parse_size_text("-1G"));
  CHECK_FALSE(parse_size_text("99999999999999T"));
  CHECK(size_text(0) == "0");
  CHECK(gibibytes_text(32 * kGibi) == "32");
  CHECK(gibibytes_text(kGibi / 2) == "0.5");
  CHECK(gibibytes_text(kGibi + (1 << 20)) == "1.0009765625");
}

TEST_CASE("options go to the API and back as the schema says") {
  const auto options = options_of(vm_schema().object);
  struct Row {
    const char* attribute;
    const char* value;
    const char* option;
    const char* text;
  };
  const auto row = GENERATE(values<Row>({
      {"cores", "2", "cores", "2"},
      {"memory", "4294967296", "memory", "4096"},
      {"onboot", "true", "onboot", "1"},
      {"scsi_controller", "\"virtio-scsi-single\"", "scsihw", "virtio-scsi-single"},
      {"tags", "[\"app\",\"prod\",\"web\"]", "tags", "app;prod;web"},
      {"name", "\"web1.example.com\"", "name", "web1.example.com"},
  }));
  INFO(row.attribute);
  const auto* option = find_option(options, row.attribute);
  REQUIRE(option != nullptr);
  CHECK(option->key == row.option);
  CHECK(encode(*option, json(row.value)) == std::string(row.text));
  CHECK(decode(*option, row.text) == json(row.value));
}

TEST_CASE("odd answers decode to what they mean") {
  const auto options = options_of(vm_schema().object);
  CHECK(decode(*find_option(options, "memory"), "current=2048") == Value::integer(2048LL << 20));
  CHECK(decode(*find_option(options, "tags"), "Web;prod app,x") ==
        json(R"(["Web","app","prod","x"])"));
  CHECK(encode(*find_option(options, "tags"), json(R"(["Web","prod","prod"])")) == "prod;web");
  CHECK(find_option(options, "disk") == nullptr);
  CHECK(find_option(options, "agent") == nullptr);
}

TEST_CASE("SSH keys are percent-encoded lines, as the recordings have them") {
  const auto options = options_of(cloud_init_schema());
  const auto* keys = find_option(options, "ssh_keys");
  REQUIRE(keys != nullptr);
  const auto recorded =
      "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIInU6pcLgAZZkVuHBaC%2Bs57Qllt28JuZOsesHcCqMR2O%20user%"
      "40example.com%0A";
  const auto value = json(
      R"(["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIInU6pcLgAZZkVuHBaC+s57Qllt28JuZOsesHcCqMR2O user@example.com"])");
  CHECK(encode(*keys, value) == std::string(recorded));
  CHECK(decode(*keys, recorded) == value);
  // passwords never pass through here
  CHECK(find_option(options, "password") == nullptr);
}

TEST_CASE("a drive becomes a disk and keeps what the language does not know") {
  const auto drive = Drive::parse(
      "local-lvm:vm-101-disk-1,cache=writeback,discard=on,iothread=1,iops_rd=100,size=2G,ssd=1");
  CHECK(text(disk_from_drive(drive, "scsi0")) ==
        R"({"cache":"writeback","discard":true,"iothread":true,"size":2147483648,)"
        R"("slot":"scsi0","ssd":true,"storage":"local-lvm"})");
  const auto changed = drive_with_options(drive, json(R"({"discard":false,"backup":false})"));
  CHECK(changed ==
        "local-lvm:vm-101-disk-1,backup=0,cache=writeback,discard=ignore,iops_rd=100,iothread=1,"
        "size=2G,ssd=1");
  CHECK(drive_without(drive, {"cache", "ssd"}) ==
        "local-lvm:vm-101-disk-1,discard=on,iops_rd=100,iothread=1,size=2G");
  CHECK(same_drive(drive, Drive::parse("local-lvm:vm-101-disk-1,ssd=1,cache=writeback,discard=on,"
                                       "iothread=1,iops_rd=100,size=9G")));
  CHECK_FALSE(same_drive(drive, Drive::parse(changed)));
}

TEST_CASE("drives that are no disks are told apart") {
  CHECK(Drive::parse("local:101/vm-101-cloudinit.qcow2,media=cdrom").is_cloud_init());
  CHECK_FALSE(Drive::parse("local:iso/tiny.iso,media=cdrom,size=350K").is_cloud_init());
  CHECK(Drive::parse("none,media=cdrom").is_cdrom());
  CHECK(Drive::parse("none,media=cdrom").storage() == "");
}

TEST_CASE("new disks are asked for by size, by image or by volume") {
  CHECK(new_drive(json(R"({"storage":"local-lvm","size":34359738368,"ssd":true})"), "") ==
        "local-lvm:32,ssd=1");
  CHECK(new_drive(json(R"({"storage":"local-lvm","size":34359738368})"),
                  "local:import/base.qcow2") == "local-lvm:0,import-from=local:import/base.qcow2");
  CHECK(new_drive(json(R"({"volume":"live:local:100/vm-100-disk-0.raw"})"), "") ==
        "local:100/vm-100-disk-0.raw");
}

TEST_CASE("a NIC is split over netN and ipconfigN") {
  const std::string ipconfig = "ip=10.10.10.50/24,gw=10.10.10.1";
  const auto nic = nic_from_config(
      "virtio=bc:24:11:00:00:01,bridge=vmbr0,firewall=1,rate=10,tag=42", &ipconfig, "net0");
  CHECK(text(nic) ==
        R"({"bridge":"vmbr0","firewall":true,"gateway":"10.10.10.1","ip":"10.10.10.50/24",)"
        R"("mac":"BC:24:11:00:00:01","model":"virtio","slot":"net0","vlan":42})");
  CHECK(ipconfig_text(nic) == "gw=10.10.10.1,ip=10.10.10.50/24");
  // rate is not in the language and stays
  CHECK(net_text(json(R"({"vlan":7,"mac":"BC:24:11:00:00:01"})"),
                 "virtio=BC:24:11:00:00:01,bridge=vmbr0,rate=10,tag=42",
                 "vmbr1") == "virtio=BC:24:11:00:00:01,bridge=vmbr1,rate=10,tag=7");
  CHECK(net_text(json(R"({"mac":"bc:24:11:00:00:02"})"), "", "vmbr0") ==
        "virtio=BC:24:11:00:00:02,bridge=vmbr0");
  CHECK(same_net("virtio=AA,bridge=vmbr0", "bridge=vmbr0,virtio=AA"));
}

TEST_CASE("a gateway goes only with an address of its own") {
  CHECK(ipconfig_text(json(R"({"ip":"dhcp","gateway":"10.0.0.1","ip6":"auto"})")) ==
        "ip=dhcp,ip6=auto");
  CHECK(ipconfig_text(json(R"({"bridge":"vmbr0"})")) == "");
}

TEST_CASE("what a topology no longer says of addresses stays as it is, unless it is reset") {
  const std::string live = "ip=10.0.0.5/24,gw=10.0.0.1,ip6=auto";
  const auto nic = json(R"({"ip":"10.0.0.6/24"})");
  CHECK(ipconfig_text(nic, live) == "gw=10.0.0.1,ip=10.0.0.6/24,ip6=auto");
  CHECK(ipconfig_text(nic, live, {"gateway", "ip6"}) == "ip=10.0.0.6/24");
  CHECK(ipconfig_text(json("{}"), live) == "gw=10.0.0.1,ip=10.0.0.5/24,ip6=auto");
  CHECK(ipconfig_text(json("{}"), live, {"ip", "ip6"}) == "");
}

TEST_CASE("name servers of all NICs are joined in the order of the slots") {
  const auto nics = json(R"({"b":{"slot":"net0","dns":["1.1.1.1","9.9.9.9"],"search":["lan"]},
                             "a":{"slot":"net1","dns":["9.9.9.9","8.8.8.8"]}})");
  CHECK(nameservers_text(nics) == "1.1.1.1 9.9.9.9 8.8.8.8");
  CHECK(search_domains_text(nics) == "lan");
  CHECK(nameservers_text(Value()) == "");
}

TEST_CASE("pending values tell what is, and what will be") {
  const auto config = GuestConfig::from_pending(json(R"([
    {"key":"memory","value":"256","pending":"512"},{"key":"agent","value":"enabled=1","delete":1},
    {"key":"cores","value":2},{"key":"boot","value":" "},{"key":"digest","value":"abc"},
    {"key":"net1","pending":"virtio=AA,bridge=vmbr0"}])"));
  CHECK(config.text("memory") == "512");
  CHECK(*config.find_running("memory") == "256");
  CHECK(config.is_pending("memory"));
  CHECK(config.find("agent") == nullptr);
  CHECK(*config.find_running("agent") == "enabled=1");
  CHECK(config.text("cores") == "2");
  CHECK_FALSE(config.is_pending("cores"));
  CHECK(config.find("boot") == nullptr);
  CHECK(config.digest() == "abc");
  CHECK(config.keys() == std::vector<std::string>{"cores", "memory", "net1"});
  CHECK(config.running_keys() == std::vector<std::string>{"agent", "cores", "memory"});
}

TEST_CASE("a drive that waits for the next start has the size that its disk has meanwhile") {
  const auto config = GuestConfig::from_pending(json(R"([
    {"key":"scsi0","value":"a:vm-1-disk-0,size=8G","pending":"a:vm-1-disk-0,size=6G,ssd=1"},
    {"key":"scsi1","value":"a:vm-1-disk-1,size=8G","pending":"a:vm-1-disk-2,size=6G"},
    {"key":"scsi2","value":"a:vm-1-disk-3,size=6G","pending":"a:vm-1-disk-3,size=6G,ssd=1"}])"));
  CHECK(Drive::parse(config.text("scsi0")).bytes() == std::int64_t{8} << 30);
  CHECK(config.is_outgrown("scsi0"));
  CHECK(Drive::parse(config.text("scsi1")).bytes() == std::int64_t{6} << 30);
  CHECK_FALSE(config.is_outgrown("scsi1"));
  CHECK_FALSE(config.is_outgrown("scsi2"));
}

TEST_CASE("the marker is the description's last line and names its own VMID") {
  const Marker marker{"lab", "vm.db[1]", 112, "n0nce"};
  const auto joined = join_description("first line\nsecond\n", marker);
  CHECK(joined == "first line\nsecond\npveplan:lab:vm.db[1]:112:n0nce");
  const auto split = split_description(joined + "\n");
  CHECK(split.text == "first line\nsecond");
  CHECK(split.marker == marker);
  CHECK(split_description("pveplan:lab:vm.db:112:x").text == "");
  CHECK_FALSE(split_description(" qmclone temporary file").marker);
  CHECK_FALSE(split_description("pveplan:lab:vm.db:abc:x").marker);
  CHECK(split_description("").text == "");
}

TEST_CASE("slots are ordered as people count, and the cloud-init drive comes from the top") {
  CHECK(slot_less("scsi2", "scsi10"));
  CHECK(is_drive_slot("virtio15"));
  CHECK_FALSE(is_drive_slot("scsihw"));
  CHECK(is_unused_slot("unused3"));
  CHECK(is_nic_slot("net0"));
  CHECK_FALSE(is_nic_slot("net"));
  CHECK(highest_free_scsi({"scsi0", "scsi30"}) == "scsi29");
  CHECK(ipconfig_key("net12") == "ipconfig12");
}
