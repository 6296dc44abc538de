#include "schema/network.hpp"

#include "schema/formats.hpp"
#include "tests/support/catch.hpp"

using namespace pveplan::schema;

TEST_CASE("ipv4 addresses are four plain numbers") {
  CHECK(parse_ipv4("10.0.0.255")->text() == "10.0.0.255");
  const std::string text = GENERATE("", "10.0.0", "10.0.0.256", "10.0.0.1.2", "10.0.0.01",
                                    "10.0.0.-1", "10.0.0.1 ", "a.b.c.d", "10..0.1", "0x0a.0.0.1");
  INFO(text);
  CHECK_FALSE(parse_ipv4(text));
}

TEST_CASE("a prefix knows its network, its broadcast address and what lies in it") {
  const auto prefix = parse_ipv4_prefix("10.20.3.5/22");
  REQUIRE(prefix);
  CHECK(prefix->network().text() == "10.20.0.0");
  CHECK(prefix->broadcast().text() == "10.20.3.255");
  CHECK(prefix->contains(*parse_ipv4("10.20.2.1")));
  CHECK_FALSE(prefix->contains(*parse_ipv4("10.20.4.1")));
  CHECK(parse_ipv4_prefix("0.0.0.0/0")->contains(*parse_ipv4("255.255.255.255")));
  CHECK_FALSE(parse_ipv4_prefix("10.0.0.1/33"));
  CHECK_FALSE(parse_ipv4_prefix("10.0.0.1"));
}

TEST_CASE("ranges go upwards, and one address is a range") {
  CHECK(parse_ipv4_range("10.0.0.5-10.0.0.9")->contains(*parse_ipv4("10.0.0.9")));
  CHECK_FALSE(parse_ipv4_range("10.0.0.5-10.0.0.9")->contains(*parse_ipv4("10.0.0.10")));
  CHECK(parse_ipv4_range("10.0.0.5")->first == parse_ipv4_range("10.0.0.5")->last);
  CHECK_FALSE(parse_ipv4_range("10.0.0.9-10.0.0.5"));
  CHECK_FALSE(parse_ipv4_range("10.0.0.5-"));
}

TEST_CASE("macs and ipv6 addresses have one spelling") {
  CHECK(canonical_mac("bc-24-11-00-20-0a") == "BC:24:11:00:20:0A");
  CHECK_FALSE(canonical_mac("bc:24-11:00:20:0a"));
  CHECK_FALSE(canonical_mac("bc:24:11:00:20"));
  CHECK(canonical_ipv6("FD00:0:0::0001") == "fd00::1");
  CHECK_FALSE(canonical_ipv6(std::string_view("::1\0x", 5)));
}

TEST_CASE("formats accept what Proxmox accepts") {
  const auto [format, text, fits] = GENERATE(table<Format, std::string, bool>({
      {Format::dns_name, "web-1.lan", true},
      {Format::dns_name, "web_1", false},
      {Format::dns_name, "-web", false},
      {Format::dns_name, "web.", false},
      {Format::dns_name, std::string(64, 'a'), false},
      {Format::interface_name, "vmbr1", true},
      {Format::interface_name, "eno1.100", true},
      {Format::interface_name, "v", false},
      {Format::interface_name, "1vmbr", false},
      {Format::interface_name, "averyveryverylongname", false},
      {Format::tag, "env-prod", true},
      {Format::tag, "two words", false},
      {Format::storage_name, "local-lvm", true},
      {Format::storage_name, "x", false},
      {Format::storage_name, "tank-", false},
      {Format::pool_id, "a/b/c", true},
      {Format::pool_id, "a/b/c/d", false},
      {Format::pool_id, "a//b", false},
      {Format::disk_slot, "scsi30", true},
      {Format::disk_slot, "scsi31", false},
      {Format::disk_slot, "scsi01", false},
      {Format::disk_slot, "ide3", true},
      {Format::disk_slot, "nvme0", false},
      {Format::nic_slot, "net31", true},
      {Format::nic_slot, "net", false},
      {Format::integer_range, "5", true},
      {Format::integer_range, "5-9", true},
      {Format::integer_range, "9-5", false},
      {Format::integer_range, "-5", false},
      {Format::guest_ipv4, "dhcp", true},
      {Format::guest_ipv4, "pool:lan", true},
      {Format::guest_ipv4, "pool:", false},
      {Format::guest_ipv4, "10.0.0.0/24", false},
      {Format::guest_ipv4, "10.0.0.255/24", false},
      {Format::guest_ipv4, "10.0.0.0/31", true},
      {Format::guest_ipv6, "auto", true},
      {Format::guest_ipv6, "fd00::5/64", true},
      {Format::guest_ipv6, "fd00::5/129", false},
      {Format::mac, "02:00:00:00:00:01", true},
      {Format::mac, "03:00:00:00:00:01", false},
      {Format::url, "https://example.org/x", true},
      {Format::url, "https:///x", false},
      {Format::url, "https://a b", false},
      {Format::checksum, "md5:" + std::string(32, 'A'), true},
      {Format::checksum, "md5:" + std::string(31, 'A'), false},
      {Format::checksum, std::string(64, 'a'), false},
  }));
  INFO(text);
  CHECK(check_format(format, text).has_value() == fits);
}

TEST_CASE("formats normalise what has several spellings") {
  CHECK(check_format(Format::tag, "Prod") == "prod");
  CHECK(check_format(Format::mac, "bc-24-11-00-20-01") == "BC:24:11:00:20:01");
}
