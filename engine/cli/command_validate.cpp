#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/topology_graph.hpp"
#include "engine/view/text.hpp"
#include "schema/diagnostic_text.hpp"

#include <fmt/format.h>

namespace pveplan::cli {

async::Task<int> run_validate(Program& program, Options options) {
  const auto loaded = load_topology(program, options);
  print_diagnostics(program, options, loaded.sources, loaded.diagnostics);
  if (!loaded.topology) {
    program.err(schema::diagnostics_summary(loaded.sources, loaded.diagnostics));
    co_return kError;
  }
  const auto order = engine::make_graph(*loaded.topology).topological_order();
  if (!order) {
    print_diagnostics(program, options, loaded.sources, order.error());
    co_return kError;
  }
  program.out(fmt::format("{} is valid: {} in {}.\n", options.file,
                          view::counted(loaded.topology->resources.size(), "resource"),
                          view::counted(loaded.sources.size(), "file")));
  program.leave(kSuccess);
  co_return kSuccess;
}

}  // namespace pveplan::cli
