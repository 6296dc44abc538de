#include "engine/cli/commands.hpp"
#include "engine/cli/review.hpp"
#include "engine/view/event_stream.hpp"
#include "engine/view/plan_json.hpp"
#include "engine/view/plan_text.hpp"
#include "schema/json.hpp"

namespace pveplan::cli {

async::Task<int> run_drift(Program& program, Options options) {
  auto reviewed = co_await review(program, options);
  if (!reviewed) co_return kError;
  const auto& topology = reviewed->workspace->topology();
  const auto saved = saved_from(program, topology, std::move(reviewed->prepared));
  if (program.events != nullptr) program.events->plan(saved.plan, "");
  program.out(options.format == "json" ? schema::to_pretty_json(view::drift_json(saved))
                                       : view::drift_report(saved.plan, program.known.schemas()));
  if (saved.plan.partial()) co_return kPartial;
  co_return saved.plan.drift.empty() ? kSuccess : kChanges;
}

}  // namespace pveplan::cli
