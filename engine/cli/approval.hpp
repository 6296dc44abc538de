#pragma once

#include "engine/cli/program.hpp"
#include "engine/converge.hpp"

#include <functional>

namespace pveplan::cli {

/// Shows the plan and asks the person who sits there.
class TerminalApproval final : public engine::Approval {
 public:
  TerminalApproval(Program& program, const Options& options, model::PlanMode mode,
                   std::function<void()> on_approved)
      : program_(program), options_(options), mode_(mode), on_approved_(std::move(on_approved)) {}

  async::Task<bool> approve(const engine::PreparedPlan& prepared) override;
  /// Why it was refused, when it was not the person's word.
  const std::string& refusal() const { return refusal_; }

 private:
  async::Task<bool> ask(std::string topology, bool may_allow_by_name);

  Program& program_;
  const Options& options_;
  model::PlanMode mode_;
  std::function<void()> on_approved_;
  std::string refusal_;
};

}  // namespace pveplan::cli
