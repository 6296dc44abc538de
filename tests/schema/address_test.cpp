#include "schema/address.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace pveplan::schema;

TEST_CASE("addresses print and parse in one canonical form") {
  const std::string text = GENERATE("vm.db", "vm.db[1]", "vm.db[a-b_c]", "k3s.prod.server[2]");
  const auto address = parse_address(text);
  REQUIRE(address);
  CHECK(address->text() == text);
}

TEST_CASE("what is no address is refused") {
  const std::string text = GENERATE("", "vm", "vm.", ".db", "vm.db[", "vm.db[]", "vm.db[a b]",
                                    "vm.d b", "a.b.c.d", "vm]");
  CHECK_FALSE(parse_address(text));
}

TEST_CASE("keys of a count order as numbers and stand before names") {
  std::vector<std::string> keys = {"10", "b", "2", "1", "a", "02"};
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return compare_keys(a, b) < 0; });
  CHECK(keys == std::vector<std::string>{"1", "02", "2", "10", "a", "b"});
}

TEST_CASE("part addresses name their owner and their own key") {
  const PartAddress part{*parse_address("vm.ceph[3]"), "disk", "osd", "2"};
  CHECK(part.text() == "vm.ceph[3].disk.osd[2]");
  CHECK(part.local_text() == "disk.osd[2]");
}
