#pragma once

#include "engine/cli/program.hpp"
#include "engine/converge.hpp"

#include <functional>

namespace pveplan::cli {

/// An approval that can say why it was not given.
class StatedApproval : public engine::Approval {
 public:
  /// Why it was refused, when it was not the person's word.
  const std::string& refusal() const { return refusal_; }

 protected:
  std::string refusal_;
};

/// Why `--max-effect` refuses the plan; empty when it does not.
std::string effect_refusal(const model::Plan& plan, const Options& options);

/// Shows the plan and asks the person who sits there.
class TerminalApproval final : public StatedApproval {
 public:
  TerminalApproval(Program& program, const Options& options, model::PlanMode mode,
                   std::function<void()> on_approved)
      : program_(program), options_(options), mode_(mode), on_approved_(std::move(on_approved)) {}

  async::Task<bool> approve(const engine::PreparedPlan& prepared) override;

 private:
  async::Task<bool> ask(std::string topology, bool may_allow_by_name);

  Program& program_;
  const Options& options_;
  model::PlanMode mode_;
  std::function<void()> on_approved_;
};

/// A saved plan was approved by whoever reviewed it: nobody is asked. What nobody allowed to be
/// destroyed is refused all the same.
class SavedPlanApproval final : public StatedApproval {
 public:
  SavedPlanApproval(Program& program, const Options& options, std::string headline,
                    std::string plan_id, std::function<void()> on_approved)
      : program_(program),
        options_(options),
        headline_(std::move(headline)),
        plan_id_(std::move(plan_id)),
        on_approved_(std::move(on_approved)) {}
  async::Task<bool> approve(const engine::PreparedPlan& prepared) override;

 private:
  Program& program_;
  const Options& options_;
  std::string headline_;
  std::string plan_id_;
  std::function<void()> on_approved_;
};

}  // namespace pveplan::cli
