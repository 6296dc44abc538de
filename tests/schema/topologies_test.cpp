#include "schema/diagnostic_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/topology_files.hpp"

#include <algorithm>

using namespace pveplan;

TEST_CASE("real topologies validate, and what they have that is not acted on yet is named once") {
  for (const auto& files : tests::all_topology_files()) {
    const auto loaded = files.load_request().load();
    auto name = files.name;
    std::replace(name.begin(), name.end(), '/', '-');
    INFO(name);
    for (const auto& diagnostic : loaded.diagnostics.items()) {
      INFO(schema::render_diagnostic(loaded.sources, diagnostic, {}));
      CHECK((diagnostic.severity == schema::Severity::warning ||
             diagnostic.summary == "Not supported yet"));
    }
    tests::check_golden(tests::golden_directory() + "/topologies/" + name + ".txt",
                        schema::render_diagnostics(loaded.sources, loaded.diagnostics, {}));
  }
}
