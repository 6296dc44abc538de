#include "schema/diagnostic_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/topologies.hpp"

#include <filesystem>
#include <sstream>

using namespace pveplan;
using namespace pveplan::schema;

namespace {

const std::string kArea = "diagnostics";

/// `setup.txt` of a case: lines such as `var NAME=VALUE`, `vars FILE`, `env NAME=VALUE`.
void apply_setup(tests::TopologyText& topology, const std::string& folder) {
  std::istringstream lines(tests::read_text(folder + "/setup.txt"));
  for (std::string word, rest; lines >> word >> rest;) {
    const auto equals = rest.find('=');
    const auto name = rest.substr(0, equals);
    const auto value = equals == std::string::npos ? std::string() : rest.substr(equals + 1);
    if (word == "var") topology.variable(name, value);
    if (word == "env") topology.environment(name, value);
    if (word == "vars") topology.variable_file(rest, tests::read_text(folder + "/" + rest));
    if (word == "file") topology.root(rest);
  }
}

tests::TopologyText topology_of(const std::string& folder) {
  tests::TopologyText topology(tests::read_text(folder + "/pveplan.toml"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto path = std::filesystem::relative(entry.path(), folder).string();
    topology.file(path, tests::read_text(entry.path().string()));
  }
  apply_setup(topology, folder);
  return topology;
}

}  // namespace

TEST_CASE("every diagnostic reads as it was reviewed") {
  for (const auto& name : tests::golden_cases(kArea)) {
    const auto folder = tests::golden_directory() + "/" + kArea + "/" + name;
    const auto loaded = topology_of(folder).load();
    CHECK_FALSE(loaded.diagnostics.empty());
    tests::check_golden(folder + "/expected.txt",
                        render_diagnostics(loaded.sources, loaded.diagnostics, {}));
  }
}

TEST_CASE("every diagnostic has a span inside of its file") {
  for (const auto& name : tests::golden_cases(kArea)) {
    const auto loaded = topology_of(tests::golden_directory() + "/" + kArea + "/" + name).load();
    for (const auto& diagnostic : loaded.diagnostics.items()) {
      INFO(name << ": " << diagnostic.summary);
      if (!diagnostic.span.known()) continue;
      REQUIRE(diagnostic.span.file < loaded.sources.size());
      CHECK(diagnostic.span.begin <= diagnostic.span.end);
      CHECK(diagnostic.span.end <= loaded.sources.text(diagnostic.span.file).size());
    }
  }
}
