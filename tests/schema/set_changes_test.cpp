#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

using namespace pveplan;
using tests::TopologyText;

namespace {

const std::string kHead = "[pveplan]\nname = \"t\"\n[record.a]\n[record.k]\ncount = 2\n";

}  // namespace

TEST_CASE("moved, removed and import entries are read") {
  const auto loaded = TopologyText(kHead +
                                   "[[moved]]\nfrom = \"record.old\"\nto = \"record.a\"\n"
                                   "[[moved]]\nfrom = \"record.x[1]\"\nto = \"record.k[2]\"\n"
                                   "[[removed]]\naddress = \"record.gone\"\ndestroy = false\n"
                                   "[[import]]\nto = \"record.k[1]\"\nid = \"7\"\n")
                          .load();
  REQUIRE(loaded.topology);
  const auto& topology = *loaded.topology;
  REQUIRE(topology.moved.size() == 2);
  CHECK(topology.moved[1].to.text() == "record.k[2]");
  REQUIRE(topology.removed.size() == 1);
  CHECK_FALSE(topology.removed[0].destroy);
  REQUIRE(topology.imports.size() == 1);
  CHECK(topology.imports[0].id == "7");
}

TEST_CASE("what such an entry cannot mean is told at its place") {
  const auto [entry, expected] = GENERATE(table<std::string, std::string>({
      {"[[moved]]\nfrom = \"record.b\"", "Missing attribute"},
      {"[[moved]]\nfrom = \"record\"\nto = \"record.a\"", "Invalid address"},
      {"[[moved]]\nfrom = \"pool.b\"\nto = \"record.a\"", "Different types"},
      {"[[moved]]\nfrom = \"record.b\"\nto = \"record.b\"", "Moved to itself"},
      {"[[moved]]\nfrom = \"record.a\"\nto = \"record.b\"", "Still in the topology"},
      {"[[moved]]\nfrom = \"record.k[1]\"\nto = \"record.b\"", "Still in the topology"},
      {"[[moved]]\nfrom = \"record.b\"\nto = \"record.a\"\n[[moved]]\nfrom = \"record.b\"\nto = "
       "\"record.c\"",
       "Moved twice"},
      {"[[moved]]\nfrom = \"record.b\"\nto = \"record.a\"\n[[moved]]\nfrom = \"record.c\"\nto = "
       "\"record.a\"",
       "Two come here"},
      {"[[moved]]\nfrom = \"record.b\"\nto = \"record.c\"\n[[moved]]\nfrom = \"record.c\"\nto = "
       "\"record.b\"",
       "Moved in a circle"},
      {"[moved]\nfrom = \"record.b\"", "Wrong type"},
      {"[[moved]]\nfrom = \"record.b\"\nto = \"record.a\"\nform = 1", "Unknown attribute"},
      {"[[removed]]\naddress = \"record.a\"\ndestroy = false", "Still in the topology"},
      {"[[removed]]\naddress = \"record.b\"", "Missing attribute"},
      {"[[import]]\nto = \"record.b\"\nid = \"1\"", "Unknown resource"},
      {"[[import]]\nto = \"record.k\"\nid = \"1\"", "Unknown resource"},
      {"[[import]]\nto = \"record.a\"\nid = 1", "Wrong type"},
  }));
  INFO(entry);
  TopologyText text(kHead + entry + "\n");
  INFO(text.messages());
  CHECK(text.messages().find("error: " + expected + "\n  --> pveplan.toml:") != std::string::npos);
}

TEST_CASE("manage and ignore stand in every block") {
  const auto loaded = TopologyText(
                          "[pveplan]\nname = \"t\"\n[record.a]\nmanage = \"observe\"\ncount = 2\n"
                          "each.2.manage = \"full\"\nignore = [\"input\"]\n")
                          .load();
  REQUIRE(loaded.topology);
  CHECK(loaded.topology->resources[0].lifecycle.observe);
  CHECK_FALSE(loaded.topology->resources[1].lifecycle.observe);
  CHECK(loaded.topology->resources[1].lifecycle.ignore == std::set<std::string>{"input"});
}

TEST_CASE("manage and ignore are checked") {
  const auto [line, expected] = GENERATE(table<std::string, std::string>({
      {"manage = \"obsrve\"", "Did you mean \"observe\"?"},
      {"manage = true", "Wrong type"},
      {"ignore = \"input\"", "Wrong type"},
      {"ignore = [\"inptu\"]", "Did you mean \"input\"?"},
      {"manag = \"observe\"", "Did you mean \"manage\"?"},
  }));
  INFO(line);
  TopologyText text("[pveplan]\nname = \"t\"\n[record.a]\n" + line + "\n");
  INFO(text.messages());
  CHECK(text.messages().find(expected) != std::string::npos);
}
