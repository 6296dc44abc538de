#include "engine/order.hpp"

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Change;
using model::Step;
using schema::ResourceAddress;

namespace {

/// The two ends of one resource's work: others are hung onto these.
struct Half {
  std::vector<Step::Id> first;  ///< steps that wait for nothing of their own resource
  std::vector<Step::Id> last;   ///< steps that nothing of their own resource waits for
  bool empty() const { return first.empty(); }
};

/// A replacement has both halves, everything else one of them.
struct Work {
  Half removal;
  Half making;
  Action action = Action::no_op;
  bool makes_first = false;  ///< a replacement of which both objects exist for a while
  bool removes_first() const { return action == Action::replace && !makes_first; }
};

class StepOrder {
 public:
  explicit StepOrder(const OrderInput& input) : input_(input) {}

  std::vector<Step> build() {
    steps_.reserve(input_.changes.size());
    for (const auto& change : input_.changes) work_.emplace(change.address, lower(change));
    hang_makings_onto_needs();
    hang_removals_onto_dependents();
    hang_waves();
    for (auto& step : steps_) {
      auto& list = step.dependencies;
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
    return std::move(steps_);
  }

 private:
  Work lower(const Change& change) {
    Work work;
    work.action = change.action;
    const bool only_state = change.action == Action::forget || !changes_something(change);
    if (only_state) {
      (change.action == Action::forget ? work.removal : work.making) = add({state_step(change)});
      return work;
    }
    const auto& type = *input_.types.find(change.address.type);
    if (change.action == Action::replace) {
      if (auto both = type.lower_replacement(change)) {
        work.makes_first = true;
        work.making = add(std::move(both->making));
        work.removal = add(std::move(both->removal));
        connect(work.removal.first, work.making.last);
        return work;
      }
      auto removal = change;
      removal.action = Action::remove;
      auto making = change;
      making.action = Action::create;
      work.removal = add(for_replacement(type.lower(removal)));
      work.making = add(type.lower(making));
      connect(work.making.first, work.removal.last);
    } else if (change.action == Action::remove) {
      work.removal = add(type.lower(change));
    } else {
      work.making = add(type.lower(change));
    }
    return work;
  }

  /// The row of what is deleted stays until the new object takes its place, so that a run that
  /// stops in between is gone on with under the same number.
  static std::vector<Step> for_replacement(std::vector<Step> steps) {
    for (auto& step : steps) {
      if (step.arguments.has_fields())
        step.arguments =
            step.arguments.with(schema::Path({"replaced"}), schema::Value::boolean(true));
    }
    return steps;
  }

  static bool changes_something(const Change& change) {
    if (change.action == Action::no_op) return false;
    if (change.action != Action::update || change.resumes) return true;
    if (change.effects.availability >= model::Availability::restart) return true;
    return std::any_of(change.attributes.begin(), change.attributes.end(),
                       [](const model::AttributeChange& each) { return !each.released; });
  }

  static Step state_step(const Change& change) {
    Step step;
    step.address = change.address;
    step.operation = kStateOnly;
    step.writes = 0;
    step.summary = change.action == Action::forget  ? "forget"
                   : change.action == Action::no_op ? "take into the state"
                                                    : "release";
    if (change.action != Action::forget) {
      step.arguments = schema::Value::map({{"after", change.after}});
    }
    return step;
  }

  /// Appends one resource's steps, whose dependencies are indices into their list.
  Half add(std::vector<Step> list) {
    const auto base = static_cast<Step::Id>(steps_.size());
    std::vector<bool> needed(list.size(), false);
    Half half;
    for (auto& step : list) {
      step.id = static_cast<Step::Id>(steps_.size());
      if (step.dependencies.empty()) half.first.push_back(step.id);
      for (auto& dependency : step.dependencies) {
        needed[dependency] = true;
        dependency += base;
      }
      steps_.push_back(std::move(step));
    }
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) half.last.push_back(base + static_cast<Step::Id>(i));
    }
    return half;
  }

  void connect(const std::vector<Step::Id>& later, const std::vector<Step::Id>& earlier) {
    for (const auto id : later) {
      auto& list = steps_[id].dependencies;
      list.insert(list.end(), earlier.begin(), earlier.end());
    }
  }

  const Work* work_of(const ResourceAddress& address) const {
    const auto at = work_.find(address);
    return at == work_.end() ? nullptr : &at->second;
  }

  /// In dependency order, so that a resource without work passes on what stands before it: as the
  /// steps themselves when these are few, behind one barrier otherwise.
  void hang_makings_onto_needs() {
    std::vector<std::vector<Step::Id>> ends(input_.graph.size());
    for (const auto vertex : input_.order) {
      std::vector<Step::Id> before;
      for (const auto& edge : input_.graph.needs(vertex)) {
        before.insert(before.end(), ends[edge.target].begin(), ends[edge.target].end());
      }
      std::sort(before.begin(), before.end());
      before.erase(std::unique(before.begin(), before.end()), before.end());
      const auto* work = work_of(input_.graph.address(vertex));
      if (work != nullptr && !work->making.empty()) {
        connect(work->making.first, before);
        ends[vertex] = work->making.last;
      } else if (before.size() <= 1) {
        ends[vertex] = std::move(before);
      } else {
        ends[vertex] = {add_barrier(input_.graph.address(vertex), std::move(before))};
      }
    }
  }

  Step::Id add_barrier(const ResourceAddress& address, std::vector<Step::Id> before) {
    Step step;
    step.id = static_cast<Step::Id>(steps_.size());
    step.address = address;
    step.operation = kBarrier;
    step.writes = 0;
    step.dependencies = std::move(before);
    steps_.push_back(std::move(step));
    return steps_.back().id;
  }

  void hang_removals_onto_dependents() {
    for (const auto& [dependent, targets] : input_.old_dependencies) {
      const auto* theirs = work_of(dependent);
      if (theirs == nullptr) continue;
      for (const auto& target : targets) {
        const auto* ours = work_of(target);
        if (ours == nullptr || ours->removal.empty()) continue;
        // What is made after the new half of a replacement cannot come before its old half.
        const bool theirs_is_late = theirs->makes_first && ours->removes_first();
        if (!theirs->removal.empty() && !theirs_is_late) {
          connect(ours->removal.first, theirs->removal.last);
        } else if (theirs->removal.empty() && !ours->removes_first()) {
          // An update that stops using what goes away comes first.
          connect(ours->removal.first, theirs->making.last);
        }
      }
    }
  }

  /// The members of a wave follow dependency order as everything else does, so no cycle can arise.
  void hang_waves() {
    for (const auto& wave : input_.waves) {
      for (std::size_t i = 1; i < wave.size(); ++i)
        connect(work_.at(wave[i]).making.first, work_.at(wave[i - 1]).making.last);
    }
  }

  const OrderInput& input_;
  std::vector<Step> steps_;
  std::map<ResourceAddress, Work> work_;
};

}  // namespace

std::vector<Step> order_steps(const OrderInput& input) { return StepOrder(input).build(); }

}  // namespace pveplan::engine
