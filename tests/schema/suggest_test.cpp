#include "schema/suggest.hpp"

#include "tests/support/catch.hpp"

using namespace pveplan::schema;

TEST_CASE("a swap of neighbours counts once") {
  CHECK(edit_distance("memroy", "memory") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("short words are matched more strictly than long ones") {
  CHECK(suggestions("ip", {"id"}).empty());
  CHECK(suggestions("vmm", {"vm"}) == std::vector<std::string>{"vm"});
  CHECK(suggestions("core", {"cpus"}).empty());
  CHECK(suggestions("descripton", {"description"}) == std::vector<std::string>{"description"});
  CHECK(suggestions("on-boot", {"onboot"}) == std::vector<std::string>{"onboot"});
}

TEST_CASE("at most three suggestions, nearest first, then by name") {
  CHECK(suggestions("node5", {"node4", "node1", "node55", "node2", "node3"}) ==
        std::vector<std::string>{"node1", "node2", "node3"});
  CHECK(suggestions("memory", {"memory"}).empty());
}

TEST_CASE("suggestions read as a question") {
  CHECK(did_you_mean("prot", {"port", "ports"}) == " Did you mean \"port\"?");
  CHECK(did_you_mean("xyzzy", {"port"}).empty());
  CHECK(quoted_list({"a", "b", "c"}) == "\"a\", \"b\" or \"c\"");
}

TEST_CASE("a word without end costs no time") {
  CHECK(suggestions(std::string(100'000, 'x'), {std::string(100'000, 'y')}).empty());
}
