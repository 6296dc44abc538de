#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/topology_graph.hpp"
#include "engine/view/graph_text.hpp"

namespace pveplan::cli {

async::Task<int> run_graph(Program& program, Options options) {
  const auto loaded = load_topology(program, options);
  print_diagnostics(program, options, loaded.sources, loaded.diagnostics);
  if (!loaded.topology) co_return kError;
  const auto graph = engine::make_graph(*loaded.topology);
  if (options.format == "json") {
    program.out(view::graph_json(graph));
  } else if (options.format == "mermaid") {
    program.out(view::graph_mermaid(graph));
  } else {
    program.out(view::graph_dot(graph));
  }
  co_return kSuccess;
}

}  // namespace pveplan::cli
