#pragma once

#include "model/plan.hpp"
#include "schema/resource_schema.hpp"

#include <string>

namespace pveplan::view {

struct PlanTextOptions {
  bool colour = false;  ///< repeats what a symbol or a word already says
  std::size_t width = 80;
  bool all_attributes = false;  ///< the unchanged ones too, and the steps of every change
  /// Changes whose data loss nobody allowed: their blocks say how to.
  std::vector<schema::ResourceAddress> needs_permission = {};
  /// Whoever reads it is asked for the topology's name next, which allows that.
  bool asks_for_name = false;
};

/// The plan as people read it (docs/plans.md): where, what somebody else did, what can hurt, what
/// happens to whom and why, how much. The same plan gives the same bytes.
std::string plan_text(const model::Plan& plan, const schema::SchemaRegistry& schemas,
                      const PlanTextOptions& options = {});

/// What others changed since the last apply, and nothing of what apply would do.
std::string drift_report(const model::Plan& plan, const schema::SchemaRegistry& schemas);

/// What the plan does not look at, a line each: nothing for a plan of everything.
std::string limits_text(const model::Plan& plan);

/// `Plan: 1 to add, 6 to change, 1 to destroy.` and the line of effects.
std::string summary_text(const model::Plan& plan);

}  // namespace pveplan::view
