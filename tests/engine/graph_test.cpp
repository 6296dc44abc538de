#include "engine/graph.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <random>

using namespace pveplan;
using engine::ResourceGraph;

namespace {

schema::ResourceAddress address(const std::string& text) { return *schema::parse_address(text); }

/// Builds "a.x needs a.y" edges from pairs of names.
ResourceGraph graph_of(const std::vector<std::pair<std::string, std::string>>& needs) {
  ResourceGraph graph;
  for (const auto& [from, to] : needs) {
    const auto source = graph.add(address("vm." + from));
    const auto target = graph.add(address("vm." + to));
    graph.add_edge(source, {target, "after", {}});
  }
  return graph;
}

}  // namespace

TEST_CASE("everything comes after what it needs") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U, 5U);
  std::mt19937 random(seed);
  ResourceGraph graph;
  constexpr std::uint32_t kSize = 200;
  for (std::uint32_t i = 0; i < kSize; ++i) graph.add(address("vm.n" + std::to_string(i)));
  for (std::uint32_t i = 1; i < kSize; ++i) {
    for (int edges = 0; edges < 3; ++edges) {
      const auto target = static_cast<ResourceGraph::Vertex>(random() % i);
      graph.add_edge(i, {target, "after", {}});
    }
  }
  const auto order = graph.topological_order();
  REQUIRE(order);
  std::vector<std::size_t> position(kSize);
  for (std::size_t i = 0; i < order->size(); ++i) position[(*order)[i]] = i;
  for (std::uint32_t i = 0; i < kSize; ++i) {
    for (const auto& edge : graph.needs(i)) CHECK(position[edge.target] < position[i]);
  }
}

TEST_CASE("a cycle is told as its shortest path with the reason of each edge") {
  ResourceGraph graph =
      graph_of({{"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "d"}, {"d", "c"}, {"e", "a"}});
  const auto order = graph.topological_order();
  REQUIRE_FALSE(order);
  REQUIRE(order.error().items().size() == 1);
  const auto& detail = order.error().items()[0].detail;
  CHECK(detail.find("vm.c (after) -> vm.d (after) -> vm.c") != std::string::npos);
}

TEST_CASE("each separate cycle is reported") {
  const auto order =
      graph_of({{"a", "b"}, {"b", "a"}, {"x", "y"}, {"y", "x"}, {"s", "s"}}).topological_order();
  REQUIRE_FALSE(order);
  CHECK(order.error().items().size() == 3);
}

TEST_CASE("a chain of a hundred thousand needs no stack") {
  ResourceGraph graph;
  graph.add(address("vm.n0"));
  for (std::uint32_t i = 1; i < 100'000; ++i) {
    graph.add(address("vm.n" + std::to_string(i)));
    graph.add_edge(i, {i - 1, "after", {}});
  }
  const auto order = graph.topological_order();
  REQUIRE(order);
  CHECK(order->back() == 99'999);
}
