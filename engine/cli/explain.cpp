#include "engine/cli/explain.hpp"

#include "engine/address_glob.hpp"
#include "engine/suggest_address.hpp"
#include "engine/view/explain_text.hpp"

#include <fmt/format.h>

namespace pveplan::cli {

bool print_explanation(Program& program, const Options& options, const Review& reviewed) {
  const auto& plan = reviewed.prepared.plan;
  const auto& topology = reviewed.workspace->topology();
  std::set<schema::ResourceAddress> known;
  for (const auto& each : topology.resources) {
    if (!each.unexpanded()) known.insert(each.address);
  }
  for (const auto& [address, row] : reviewed.state.rows) known.insert(address);
  for (const auto& each : plan.changes) known.insert(each.address);
  const view::WrittenPlaces places(reviewed.workspace->sources());
  const view::Explained explained{plan, topology, places, reviewed.state.rows,
                                  program.known.schemas()};
  std::string text;
  for (const auto& address : known) {
    if (!engine::is_named_by(address, options.explain)) continue;
    text += (text.empty() ? "" : "\n") + view::explain_text(explained, address);
  }
  if (text.empty()) {
    print_diagnostic(
        program, options, reviewed.workspace->sources(),
        schema::error(
            "Matches nothing",
            fmt::format(
                "--explain {} names no resource of the topology or the state.{}", options.explain,
                engine::did_you_mean_address(options.explain, {known.begin(), known.end()}))));
    return false;
  }
  program.out(text);
  return true;
}

}  // namespace pveplan::cli
