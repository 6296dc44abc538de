#include "engine/cli/approval.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/explain.hpp"
#include "engine/cli/plan_output.hpp"
#include "engine/cli/plan_secrets.hpp"
#include "engine/cli/review.hpp"
#include "engine/plan_file.hpp"
#include "engine/view/event_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::cli {

namespace {

int exit_code_of(const model::Plan& plan, const Options& options) {
  if (plan.partial()) return kPartial;
  return options.detailed_exit_code && !plan.empty() ? kChanges : kSuccess;
}

bool chooses_vmids(const model::Plan& plan) {
  return std::any_of(plan.changes.begin(), plan.changes.end(), [](const model::Change& each) {
    return each.action == model::Action::create && each.identity.find("vmid") != nullptr;
  });
}

std::string how_to_apply(const Options& options) {
  return fmt::format("\nSaved. Apply exactly this plan with: pveplan {}apply {}\n",
                     options.directory.empty() ? "" : "-C " + options.directory + " ",
                     options.plan_file);
}

}  // namespace

async::Task<int> run_plan(Program& program, Options options) {
  auto reviewed = co_await review(program, options);
  if (!reviewed) co_return kError;
  if (!options.explain.empty()) {
    const bool known = print_explanation(program, options, *reviewed);
    co_return known ? exit_code_of(reviewed->prepared.plan, options) : int{kError};
  }
  const auto& sources = reviewed->workspace->sources();
  const auto& topology = reviewed->workspace->topology();
  PlanSecrets secrets(program, topology);
  auto saved = saved_from(program, topology, std::move(reviewed->prepared));
  const bool saves = !options.plan_file.empty();
  schema::Result<void> written;
  auto ready = co_await secrets.load();
  if (!ready) {
    print_diagnostic(program, options, sources, ready.error());
    co_return kError;
  }
  if (saves || options.format != "text") {
    saved.plan.origin.topology_digest = engine::topology_digest(topology);
    engine::identify(saved, secrets.digest());
  }
  if (program.events != nullptr) program.events->plan(saved.plan, saved.id);
  const auto refusal = effect_refusal(saved.plan, options);
  if (!refusal.empty()) {
    program.out(plan_output(program, options, saved));
    print_refusal(program, refusal);
    co_return kError;
  }
  if (saves && topology.vmids.empty() && chooses_vmids(saved.plan)) {
    print_diagnostic(
        program, options, sources,
        schema::warning(
            "VMIDs may be taken meanwhile",
            "The plan chooses numbers from the cluster's own range, which everybody "
            "else is offered first, too: apply refuses the plan when one was taken. Give "
            "this topology numbers of its own with vmids = [\"2000-2999\"] in [pveplan]."));
  }
  if (saves) {
    const auto bytes = engine::write_plan_file(saved, secrets.digest());
    written = secrets.problem() ? std::unexpected(*secrets.problem())
                                : write_plan_bytes(program, options.plan_file, bytes);
  }
  program.out(plan_output(program, options, saved));
  if (!written) {
    print_diagnostic(program, options, sources, written.error());
    co_return kError;
  }
  if (saves && options.format == "text") program.out(how_to_apply(options));
  const int exit_code = exit_code_of(saved.plan, options);
  program.leave(exit_code);
  co_return exit_code;
}

}  // namespace pveplan::cli
