#include "engine/view/graph_text.hpp"

#include "engine/topology_graph.hpp"
#include "schema/json.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/topologies.hpp"

#include <algorithm>

using namespace pveplan;
using engine::ResourceGraph;
using schema::Value;

namespace {

ResourceGraph graph_of(const std::string& blocks) {
  const auto loaded = tests::TopologyText(
                          "[pveplan]\nname = \"t\"\n[proxmox]\nendpoint = "
                          "\"https://pve:8006\"\ntoken = { env = \"T\" }\n" +
                          blocks)
                          .load();
  REQUIRE(loaded.topology);
  return engine::make_graph(*loaded.topology);
}

const std::string kTeam = "[pool.team]\n";
const std::string kGuest =
    "[vm.db]\ncores = 1\nmemory = \"1GiB\"\npool = \"team\"\nafter = [\"record.a\"]\n"
    "disk.os = { storage = \"local-lvm\", size = \"2GiB\" }\n";
const std::string kRecords =
    "[record.a]\ninput = 1\n[record.b]\n[record.b.input]\n'say \"hi\" <b>|\\' = "
    "\"${record.a.output}\"\n";

/// Everything of a JSON list's entries as one line each: "vm.db pool pool.team implied".
std::vector<std::string> edge_lines(const Value& graph) {
  std::vector<std::string> lines;
  for (const auto& edge : graph.find("edges")->as_list()) {
    lines.push_back(edge.find("from")->as_string() + " " + edge.find("attribute")->as_string() +
                    " " + edge.find("needs")->as_string() +
                    (edge.find("implied")->as_boolean() ? " implied" : ""));
  }
  return lines;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a graph tells each edge with its attribute and whether a plain name implies it") {
  const auto graph = graph_of(kTeam + kGuest + kRecords);
  const auto json = schema::parse_json(view::graph_json(graph));
  REQUIRE(json);
  CHECK(edge_lines(*json) == std::vector<std::string>{"record.b input.say \"hi\" <b>|\\ record.a",
                                                      "vm.db pool pool.team implied",
                                                      "vm.db after record.a"});
  CHECK(json->find("resources")->as_list().size() == 4);
  const auto dot = view::graph_dot(graph);
  CHECK(dot.find("\"vm.db\" -> \"pool.team\" [label = \"pool (implied)\", style = dashed];") !=
        std::string::npos);
  CHECK(dot.find("\"vm.db\" -> \"record.a\" [label = \"after\"];") != std::string::npos);
  const auto mermaid = view::graph_mermaid(graph);
  CHECK(mermaid.find("n3 -.->|\"pool (implied)\"| n0") != std::string::npos);
  CHECK(mermaid.find("n3 -->|\"after\"| n1") != std::string::npos);
}

TEST_CASE("quotes, brackets and bars in a name end no label of a graph") {
  const auto graph = graph_of(kRecords);
  const auto dot = view::graph_dot(graph);
  CHECK(dot.find("[label = \"input.say \\\"hi\\\" <b>|\\\\\"]") != std::string::npos);
  const auto mermaid = view::graph_mermaid(graph);
  CHECK(mermaid.find("|\"input.say #34;hi#34; #60;b#62;#124;#92;\"|") != std::string::npos);
  CHECK(count(mermaid, "\"") == 6);  // two nodes and one edge
}

TEST_CASE("an edge that is stated and implied is a stated one") {
  const auto graph = graph_of(
      kTeam +
      "[vm.db]\nmemory = \"1GiB\"\npool = \"team\"\ndescription = \"of ${pool.team.id}\"\n" +
      "disk.os = { storage = \"local-lvm\", size = \"2GiB\" }\n");
  const auto json = schema::parse_json(view::graph_json(graph));
  REQUIRE(json);
  CHECK(edge_lines(*json) == std::vector<std::string>{"vm.db description pool.team"});
}

TEST_CASE("the order of a topology's blocks changes no byte of its graph") {
  const auto first = graph_of(kTeam + kGuest + kRecords);
  const auto second = graph_of(kRecords + kGuest + kTeam);
  CHECK(view::graph_dot(first) == view::graph_dot(second));
  CHECK(view::graph_mermaid(first) == view::graph_mermaid(second));
  CHECK(view::graph_json(first) == view::graph_json(second));
}

TEST_CASE("an empty topology has an empty graph") {
  const ResourceGraph graph;
  CHECK(view::graph_mermaid(graph) == "flowchart LR\n");
  CHECK(schema::parse_json(view::graph_json(graph))->find("edges")->as_list().empty());
}
