#include "engine/refusals.hpp"

#include "engine/address_glob.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::ResourceAddress;
using schema::Value;

namespace {

class Refusals {
 public:
  Refusals(const PlanInput& input, Planned& planned) : input_(input), planned_(planned) {}

  void check() {
    for (const auto& step : planned_.plan.steps) {
      const Value* reason = step.operation == "refuse" ? step.arguments.find("reason") : nullptr;
      if (reason != nullptr)
        add(step.address, "Not possible", step.address.text() + ": " + reason->as_string());
    }
    for (const auto& change : planned_.plan.changes) check_change(change);
  }

 private:
  void check_change(const Change& change) {
    const bool removes = change.action == Action::remove || change.action == Action::replace;
    if (removes && is_protected(change)) {
      add(change.address, "Protected",
          fmt::format("{} is protected, and this plan would {} it. Either write protect = false in "
                      "its block and apply that first, or leave it as it is and forget it with a "
                      "[[removed]] entry and destroy = false.",
                      change.address.text(), model::name(change.action)));
    } else if (change.action == Action::replace && change.facts.find("volumes") != nullptr &&
               !may_replace(change)) {
      add(change.address, "Would replace a guest", replacement_text(change));
    }
  }

  bool may_replace(const Change& change) const {
    const auto* resource = input_.topology.find(change.address);
    return any_names_resource(input_.request.replace, change.address) ||
           (resource != nullptr && resource->lifecycle.allow_replace);
  }

  /// By the state, which outlives the block, or by Proxmox's own flag.
  bool is_protected(const Change& change) const {
    const auto yes = [](const Value* value) {
      return value != nullptr && *value == Value::boolean(true);
    };
    const auto row = input_.rows.find(change.address);
    return (row != input_.rows.end() && yes(row->second.owned.find("protect"))) ||
           yes(change.facts.find("protection"));
  }

  static std::string replacement_text(const Change& change) {
    std::string reasons;
    for (const auto& attribute : change.attributes) {
      if (attribute.forces_replace)
        reasons += (reasons.empty() ? "" : ", ") + attribute.path.text();
    }
    return fmt::format(
        "{}: {} cannot be changed on a living guest, and pveplan never replaces one on its own. "
        "Take the change back, or let the guest be destroyed and made anew, once with --replace {} "
        "or always with allow_replace = true; the plan then shows what is lost.",
        change.address.text(), reasons, change.address.shell_text());
  }

  void add(const ResourceAddress& address, std::string summary, std::string detail) {
    const auto* resource = input_.topology.find(address);
    auto diagnostic = schema::error(std::move(summary), std::move(detail),
                                    resource == nullptr ? schema::Span() : resource->span);
    diagnostic.address = address;
    planned_.diagnostics.add(std::move(diagnostic));
  }

  const PlanInput& input_;
  Planned& planned_;
};

}  // namespace

void refuse(const PlanInput& input, Planned& planned) { Refusals(input, planned).check(); }

}  // namespace pveplan::engine
