#include "engine/cli/commands.hpp"
#include "engine/cli/workspace.hpp"
#include "engine/view/diagnostic_json.hpp"
#include "engine/view/text.hpp"
#include "schema/diagnostic_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::cli {

async::Task<int> run_validate(Program& program, Options options) {
  const auto loaded = load_topology(program, options);
  if (options.format == "json") {
    program.out(view::diagnostics_json(loaded.diagnostics, loaded.sources));
    program.leave(loaded.topology ? kSuccess : kError);
    co_return loaded.topology ? kSuccess : kError;
  }
  print_diagnostics(program, options, loaded.sources, loaded.diagnostics);
  if (!loaded.topology) {
    program.err(schema::diagnostics_summary(loaded.sources, loaded.diagnostics));
    co_return kError;
  }
  const auto& resources = loaded.topology->resources;
  const auto outputs = static_cast<std::uint64_t>(
      std::count_if(resources.begin(), resources.end(),
                    [](const auto& each) { return each.address.is_output(); }));
  program.out(fmt::format("{} is valid: {}{} in {}.\n", options.file,
                          view::counted(resources.size() - outputs, "resource"),
                          outputs == 0 ? "" : " and " + view::counted(outputs, "output"),
                          view::counted(loaded.sources.size(), "file")));
  program.leave(kSuccess);
  co_return kSuccess;
}

}  // namespace pveplan::cli
