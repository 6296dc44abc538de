#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/topology_graph.hpp"

#include <fmt/format.h>

namespace pveplan::cli {

async::Task<int> run_graph(Program& program, Options options) {
  const auto loaded = load_topology(program, options);
  print_diagnostics(program, options, loaded.sources, loaded.diagnostics);
  if (!loaded.topology) co_return kError;
  const auto graph = engine::make_graph(*loaded.topology);
  std::string text = "digraph topology {\n  rankdir = LR;\n  node [shape = box];\n";
  for (engine::ResourceGraph::Vertex vertex = 0; vertex < graph.size(); ++vertex) {
    text += fmt::format("  \"{}\";\n", graph.address(vertex).text());
    for (const auto& edge : graph.needs(vertex)) {
      text += fmt::format("  \"{}\" -> \"{}\" [label = \"{}\"];\n", graph.address(vertex).text(),
                          graph.address(edge.target).text(), edge.attribute);
    }
  }
  program.out(text + "}\n");
  co_return kSuccess;
}

}  // namespace pveplan::cli
