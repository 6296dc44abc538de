#include "engine/hold_back.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::ResourceAddress;

namespace {

class HoldBack {
 public:
  HoldBack(const PlanInput& input, const OldDependencies& old_dependencies, model::Plan& plan)
      : input_(input), old_dependencies_(old_dependencies), plan_(plan) {
    for (const auto& change : plan.changes) changes_.emplace(change.address, &change);
    for (const auto& each : plan.unknown) {
      still_there_.emplace(each.address, each.address);
      if (!is_finished(each.address)) missing_.emplace(each.address, each.address);
    }
    for (const auto& each : plan.postponed) {
      postponed_.emplace(each.address, each);
      still_there_.emplace(each.address, each.address);
      const bool makes = each.action == Action::create || each.action == Action::replace;
      if (makes || !is_finished(each.address)) missing_.emplace(each.address, each.address);
    }
  }

  void run() {
    // Each round holds back something more, so there are never more rounds than changes.
    while (hold_makings() || hold_removals()) {
    }
    for (auto& drift : plan_.drift) {
      if (drift.path.empty() && held_.contains(drift.address))
        drift.note = "is gone; it is not created again in this plan";
    }
    for (auto& [address, object] : held_) {
      const auto root = postponed_.find(*object.blocker);
      if (root == postponed_.end()) {
        plan_.unknown.push_back(std::move(object));
      } else {
        plan_.postponed.push_back({address, changes_.at(address)->action, std::move(object.reason),
                                   root->second.blocker});
      }
    }
    std::sort(plan_.postponed.begin(), plan_.postponed.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    std::erase_if(plan_.changes,
                  [this](const Change& change) { return held_.contains(change.address); });
  }

 private:
  bool is_finished(const ResourceAddress& address) const {
    const auto row = input_.rows.find(address);
    return row != input_.rows.end() && row->second.status == model::RowStatus::ok;
  }

  /// The change that would run, unless it only touches the state.
  const Change* open_change(const ResourceAddress& address) const {
    const auto at = changes_.find(address);
    if (at == changes_.end() || held_.contains(address)) return nullptr;
    const auto action = at->second->action;
    return action == Action::no_op || action == Action::forget ? nullptr : at->second;
  }

  bool hold_makings() {
    bool found = false;
    for (const auto vertex : input_.order) {
      const auto& address = input_.graph.address(vertex);
      const auto* change = open_change(address);
      if (change == nullptr || change->action == Action::remove) continue;
      for (const auto& edge : input_.graph.needs(vertex)) {
        const auto missing = missing_.find(input_.graph.address(edge.target));
        if (missing == missing_.end()) continue;
        const auto blocker = missing->second;
        hold(address, blocker,
             fmt::format("needs {}, which {}", blocker.text(), trouble_of(blocker)));
        missing_.emplace(address, blocker);
        found = true;
        break;
      }
    }
    return found;
  }

  bool hold_removals() {
    bool found = false;
    for (const auto& [dependent, targets] : old_dependencies_) {
      const auto there = still_there_.find(dependent);
      if (there == still_there_.end()) continue;
      const auto blocker = there->second;
      for (const auto& target : targets) {
        const auto* change = open_change(target);
        if (change == nullptr || !change->removes()) continue;
        hold(target, blocker,
             blocker == dependent
                 ? fmt::format("{} depends on it and {}", dependent.text(), trouble_of(blocker))
                 : fmt::format("{} depends on it and waits for {}, which {}", dependent.text(),
                               blocker.text(),
                               postponed_.contains(blocker) ? "is postponed" : "cannot be read"));
        if (change->action == Action::replace) missing_.emplace(target, blocker);
        found = true;
      }
    }
    return found;
  }

  void hold(const ResourceAddress& address, const ResourceAddress& blocker, std::string reason) {
    held_.emplace(address, model::UnknownObject{address, std::move(reason), blocker});
    still_there_.emplace(address, blocker);
  }

  std::string trouble_of(const ResourceAddress& blocker) const {
    const auto postponed = postponed_.find(blocker);
    if (postponed != postponed_.end()) return "is postponed: " + postponed->second.reason;
    for (const auto& each : plan_.unknown) {
      if (each.address == blocker) return "cannot be read: " + each.reason;
    }
    return {};
  }

  const PlanInput& input_;
  const OldDependencies& old_dependencies_;
  model::Plan& plan_;
  std::unordered_map<ResourceAddress, const Change*> changes_;
  /// Nobody may rely on these, and for whose sake: they are not there, or not finished.
  std::unordered_map<ResourceAddress, ResourceAddress> missing_;
  /// What these depend on must stay.
  std::unordered_map<ResourceAddress, ResourceAddress> still_there_;
  std::map<ResourceAddress, model::UnknownObject> held_;
  std::map<ResourceAddress, model::Postponed> postponed_;
};

}  // namespace

void hold_back(const PlanInput& input, const OldDependencies& old_dependencies, model::Plan& plan) {
  if (plan.unknown.empty() && plan.postponed.empty()) return;
  HoldBack(input, old_dependencies, plan).run();
}

}  // namespace pveplan::engine
