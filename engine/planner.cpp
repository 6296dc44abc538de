#include "engine/planner.hpp"

#include "engine/address_glob.hpp"
#include "engine/choose/clone_source.hpp"
#include "engine/choose/idle_bridges.hpp"
#include "engine/hold_back.hpp"
#include "engine/order.hpp"
#include "engine/planning.hpp"
#include "engine/refusals.hpp"
#include "engine/renames.hpp"
#include "engine/suggest_address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Change;
using schema::ResourceAddress;
using schema::Value;

const Value& desired_attributes(const PlanInput& input, const schema::Resource& resource) {
  const auto at = input.chosen.find(resource.address);
  return at == input.chosen.end() ? resource.attributes : at->second;
}

namespace {

/// Walks the resources in dependency order and collects their changes.
class Planner {
 public:
  explicit Planner(const PlanInput& input) : input_(input), planning_(input) {}

  Planned plan() {
    const bool converges = input_.request.mode == model::PlanMode::converge;
    if (converges) {
      for (const auto vertex : input_.order) {
        const auto& address = input_.graph.address(vertex);
        const bool is_new =
            !input_.rows.contains(address) && !input_.live.objects.contains(address);
        if (is_new && input_.request.only_looks) continue;
        if (is_in_scope(address)) consider(planning_, *input_.topology.find(address));
      }
    }
    for (const auto& [address, row] : input_.rows) {
      const bool desired = converges && planning_.desires(address);
      if (desired || !is_in_scope(address)) continue;
      if (input_.request.mode == model::PlanMode::refresh) {
        take_in(planning_, row);
      } else {
        consider_removal(planning_, row);
      }
    }
    finish();
    return std::move(planning_.result);
  }

 private:
  bool is_in_scope(const ResourceAddress& address) {
    if (input_.scope.contains(address)) return true;
    ++planning_.result.plan.left_out;
    return false;
  }

  void finish() {
    auto& plan = planning_.result.plan;
    plan.mode = input_.request.mode;
    plan.allowed = input_.request.allow_data_loss;
    plan.restarts = input_.request.restart;
    plan.refreshed = input_.request.refresh;
    plan.replaces = input_.request.replace;
    plan.targets = input_.request.targets;
    plan.excludes = input_.request.excludes;
    std::sort(plan.changes.begin(), plan.changes.end(),
              [](const Change& a, const Change& b) { return a.address < b.address; });
    const auto old_dependencies = dependencies_of_rows();
    if (!input_.request.only_looks) hold_back(input_, old_dependencies, plan);
    const auto waves = make_waves(plan.changes, input_.graph, input_.order);
    plan.steps = order_steps(
        {plan.changes, input_.graph, input_.order, old_dependencies, input_.types, waves});
    for (const auto& change : plan.changes) require_permission(change);
    refuse(input_, planning_.result);
    refuse_smaller_clones(input_.topology, plan, input_.live, planning_.result.diagnostics);
    plan.warnings = likely_renames(input_, plan);
    for (auto& warning : idle_bridges(input_, plan)) plan.warnings.push_back(std::move(warning));
    refuse_replaces();
    refuse_rotations();
    // What destroys is allowed instance by instance, or by a glob that says so.
    refuse_globs("--allow data-loss=", input_.request.allow_data_loss, matches_glob, true);
    refuse_globs("--restart ", input_.request.restart, is_named_by, false);
  }

  OldDependencies dependencies_of_rows() const {
    OldDependencies dependencies;
    for (const auto& [address, row] : input_.rows) {
      if (!row.dependencies.empty()) dependencies.emplace(address, row.dependencies);
    }
    const auto pools = managed_pools();
    for (const auto& change : planning_.result.plan.changes) {
      const auto pool = pools.find(text_of(change.facts.find("pool")));
      if (pool != pools.end()) dependencies[change.address].push_back(pool->second);
    }
    return dependencies;
  }

  /// Who asks for a replacement and mistypes would get none, and not notice.
  void refuse_replaces() {
    for (const auto& pattern : input_.request.replace) {
      const schema::Resource* observed = nullptr;
      bool any = false;
      for (const auto& each : input_.topology.resources) {
        if (!input_.scope.contains(each.address) || !is_named_by(each.address, pattern)) continue;
        any = true;
        if (each.lifecycle.observe) observed = &each;
      }
      if (!any)
        planning_.result.diagnostics.add(schema::error(
            "Matches nothing",
            fmt::format("--replace {} names no resource that this plan is about, so nothing was "
                        "planned.{}",
                        pattern, did_you_mean_address(pattern, addresses_in_scope()))));
      if (observed != nullptr)
        planning_.result.diagnostics.add(schema::error(
            "Only observed",
            fmt::format("--replace {} names {}, which pveplan only observes (manage = "
                        "\"observe\") and never writes.",
                        pattern, observed->address.text()),
            observed->span));
    }
  }

  void refuse_rotations() {
    const auto sends_secret = [](const Change& change) {
      return std::any_of(change.attributes.begin(), change.attributes.end(),
                         [](const model::AttributeChange& each) { return each.sensitive; });
    };
    for (const auto& pattern : input_.request.rotate) {
      const auto& changes = planning_.result.plan.changes;
      const bool any = std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
        return is_named_by(change.address, pattern) && sends_secret(change);
      });
      if (!any)
        planning_.result.diagnostics.add(schema::error(
            "Matches nothing",
            fmt::format("--rotate {} names no resource with a secret that this plan could send, so "
                        "nothing was planned.{}",
                        pattern, did_you_mean_address(pattern, addresses_in_scope()))));
    }
  }

  std::vector<ResourceAddress> addresses_in_scope() const {
    std::vector<ResourceAddress> addresses;
    for (const auto& each : input_.topology.resources) {
      if (input_.scope.contains(each.address)) addresses.push_back(each.address);
    }
    return addresses;
  }

  /// By id. A guest's pool, whether or not the topology still says so, cannot go before the guest.
  std::map<std::string, ResourceAddress> managed_pools() const {
    std::map<std::string, ResourceAddress> pools;
    for (const auto& [address, row] : input_.rows) {
      const auto id = text_of(row.identity.find("id"));
      if (address.type == "pool" && !id.empty()) pools.emplace(id, address);
    }
    return pools;
  }

  using IsNamed = bool (*)(const ResourceAddress& address, std::string_view pattern);

  /// A mistyped address allows nothing, and nobody would notice. "*" is always meant as it stands,
  /// and what was allowed to lose its data may be gone since: then there is nothing to be allowed.
  void refuse_globs(const char* option, const std::vector<std::string>& globs, IsNamed is_named,
                    bool may_be_gone) {
    if (globs.empty()) return;
    std::vector<ResourceAddress> known;
    for (const auto& each : input_.topology.resources) known.push_back(each.address);
    for (const auto& [address, row] : input_.rows) known.push_back(address);
    for (const auto& glob : globs) {
      const bool named =
          glob == "*" || std::any_of(known.begin(), known.end(),
                                     [&](const auto& address) { return is_named(address, glob); });
      if (named) continue;
      const auto meant = did_you_mean_address(glob, known);
      const auto text =
          fmt::format("{}{} names no resource of the topology or the state", option, glob);
      if (may_be_gone && meant.empty()) {
        planning_.result.plan.warnings.push_back(schema::warning("Matches nothing", text + "."));
      } else {
        planning_.result.diagnostics.add(schema::error(
            "Matches nothing", fmt::format("{}, so nothing was planned.{}", text, meant)));
      }
    }
  }

  void require_permission(const Change& change) {
    if (!change.effects.loses_data() ||
        matches_any_glob(change.address, input_.request.allow_data_loss))
      return;
    // The plan shows it; apply refuses it (DEFINITIONS 7).
    planning_.result.plan.needs_permission.push_back(change.address);
  }

  const PlanInput& input_;
  Planning planning_;
};

}  // namespace

Planned make_plan(const PlanInput& input) { return Planner(input).plan(); }

}  // namespace pveplan::engine
