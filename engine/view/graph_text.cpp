#include "engine/view/graph_text.hpp"

#include "schema/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace pveplan::view {

using engine::ResourceGraph;
using schema::Value;
using Vertex = ResourceGraph::Vertex;

namespace {

std::vector<Vertex> by_address(const ResourceGraph& graph) {
  std::vector<Vertex> vertices(graph.size());
  std::iota(vertices.begin(), vertices.end(), Vertex{0});
  std::sort(vertices.begin(), vertices.end(),
            [&graph](Vertex a, Vertex b) { return graph.address(a) < graph.address(b); });
  return vertices;
}

std::vector<const ResourceGraph::Edge*> edges_by_address(const ResourceGraph& graph,
                                                         Vertex vertex) {
  std::vector<const ResourceGraph::Edge*> edges;
  for (const auto& edge : graph.needs(vertex)) edges.push_back(&edge);
  std::sort(edges.begin(), edges.end(), [&graph](const auto* a, const auto* b) {
    return graph.address(a->target) < graph.address(b->target);
  });
  return edges;
}

std::string edge_label(const ResourceGraph::Edge& edge) {
  return edge.attribute + (edge.implied ? " (implied)" : "");
}

/// Keys of a record's map may hold anything, and stand in the attribute of an edge.
std::string quoted_for_dot(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

/// Mermaid has no escapes but entity codes; a `|` or a bracket would end a label early even inside
/// of quotes.
std::string quoted_for_mermaid(const std::string& text) {
  static const std::string kSpecial = "\"#<>&|`\\\n;";
  std::string result = "\"";
  for (const char c : text) {
    if (kSpecial.find(c) == std::string::npos) {
      result += c;
    } else {
      result += fmt::format("#{};", static_cast<int>(c));
    }
  }
  return result + '"';
}

}  // namespace

std::string graph_dot(const ResourceGraph& graph) {
  std::string text = "digraph topology {\n  rankdir = LR;\n  node [shape = box];\n";
  for (const auto vertex : by_address(graph)) {
    const auto from = quoted_for_dot(graph.address(vertex).text());
    text += fmt::format("  {};\n", from);
    for (const auto* edge : edges_by_address(graph, vertex)) {
      text += fmt::format(
          "  {} -> {} [label = {}{}];\n", from, quoted_for_dot(graph.address(edge->target).text()),
          quoted_for_dot(edge_label(*edge)), edge->implied ? ", style = dashed" : "");
    }
  }
  return text + "}\n";
}

std::string graph_mermaid(const ResourceGraph& graph) {
  const auto vertices = by_address(graph);
  std::vector<std::size_t> number(graph.size());
  std::string text = "flowchart LR\n";
  for (std::size_t i = 0; i < vertices.size(); ++i) {
    number[vertices[i]] = i;
    text += fmt::format("  n{}[{}]\n", i, quoted_for_mermaid(graph.address(vertices[i]).text()));
  }
  for (const auto vertex : vertices) {
    for (const auto* edge : edges_by_address(graph, vertex)) {
      text += fmt::format("  n{} {}|{}| n{}\n", number[vertex], edge->implied ? "-.->" : "-->",
                          quoted_for_mermaid(edge_label(*edge)), number[edge->target]);
    }
  }
  return text;
}

std::string graph_json(const ResourceGraph& graph) {
  Value::List resources, edges;
  for (const auto vertex : by_address(graph)) {
    const auto& address = graph.address(vertex);
    resources.push_back(
        Value::map({{"address", Value::string(address.text())},
                    {"type", Value::string(address.type)},
                    {"name", Value::string(address.name)},
                    {"index", address.key ? Value::string(*address.key) : Value()}}));
    for (const auto* edge : edges_by_address(graph, vertex)) {
      edges.push_back(Value::map({{"from", Value::string(address.text())},
                                  {"needs", Value::string(graph.address(edge->target).text())},
                                  {"attribute", Value::string(edge->attribute)},
                                  {"implied", Value::boolean(edge->implied)}}));
    }
  }
  return schema::to_pretty_json(Value::map({{"format_version", Value::string("1.0")},
                                            {"resources", Value::list(std::move(resources))},
                                            {"edges", Value::list(std::move(edges))}}));
}

}  // namespace pveplan::view
