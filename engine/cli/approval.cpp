#include "engine/cli/approval.hpp"

#include "engine/view/event_stream.hpp"
#include "engine/view/plan_text.hpp"

#include <fmt/format.h>

namespace pveplan::cli {
namespace {

std::string data_loss_refusal(const model::Plan& plan, const char* how) {
  std::string text = "This plan destroys data that nobody allowed to be destroyed:\n";
  for (const auto& address : plan.needs_permission) {
    text +=
        fmt::format("  {}  ({} --allow data-loss={})\n", address.text(), how, address.shell_text());
  }
  return text + "Nothing was changed.\n";
}

}  // namespace

std::string effect_refusal(const model::Plan& plan, const Options& options) {
  if (!options.max_effect) return {};
  const auto found = engine::beyond(plan, *options.max_effect);
  if (found.empty()) return {};
  std::string text = "This plan does more than --max-effect accepts:\n";
  for (const auto& each : found) text += "  " + each + "\n";
  return text + "Nothing was changed.\n";
}

async::Task<bool> TerminalApproval::approve(const engine::PreparedPlan& prepared) {
  const auto& plan = prepared.plan;
  view::PlanTextOptions look;
  look.colour = program_.colour(options_);
  look.all_attributes = options_.all_attributes;
  const bool asks = !options_.auto_approve;
  const bool typed_name_allows = asks && mode_ == model::PlanMode::destroy;
  look.asks_for_name = typed_name_allows && program_.host.environment.input_is_terminal();
  if (program_.events != nullptr) program_.events->plan(plan, "");
  program_.out(view::plan_text(plan, program_.known.schemas(), look));
  if (plan.empty()) co_return true;
  refusal_ = effect_refusal(plan, options_);
  if (!refusal_.empty()) co_return false;
  if (!plan.needs_permission.empty() && !typed_name_allows) {
    refusal_ = data_loss_refusal(plan, "allow it with");
    co_return false;
  }
  if (asks) {
    const bool yes = co_await ask(plan.origin.topology, typed_name_allows);
    if (!yes) co_return false;
  }
  on_approved_();
  co_return true;
}

async::Task<bool> SavedPlanApproval::approve(const engine::PreparedPlan& prepared) {
  const auto& plan = prepared.plan;
  if (program_.events != nullptr) program_.events->plan(plan, plan_id_);
  refusal_ = effect_refusal(plan, options_);
  if (!refusal_.empty()) co_return false;
  if (!plan.needs_permission.empty()) {
    refusal_ = data_loss_refusal(plan, "plan again with");
    co_return false;
  }
  program_.out(headline_ + view::limits_text(plan) + view::summary_text(plan));
  on_approved_();
  co_return true;
}

async::Task<bool> TerminalApproval::ask(std::string topology, bool destroying) {
  if (!program_.host.environment.input_is_terminal()) {
    refusal_ =
        "There is no terminal to ask on. Review the plan and run again with\n--auto-approve, or "
        "apply a saved plan.\nNothing was changed.\n";
    co_return false;
  }
  const auto wanted = destroying ? topology : std::string("yes");
  program_.out(
      destroying ? fmt::format("\nThis destroys everything listed above.\nType the topology's name "
                               "({}) to go on: ",
                               topology)
                 : "\nApply this plan? Only \"yes\" is accepted: ");
  auto line = co_await program_.host.input.line();
  if (line && *line == wanted) co_return true;
  refusal_ = "Cancelled. Nothing was changed.\n";
  co_return false;
}

}  // namespace pveplan::cli
