#include "engine/scope.hpp"

#include "engine/address_glob.hpp"
#include "engine/planner.hpp"
#include "engine/suggest_address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using schema::ResourceAddress;

namespace {

using AddressSet = std::unordered_set<ResourceAddress>;

class ScopeMaker {
 public:
  explicit ScopeMaker(const ScopeInput& input) : input_(input) {
    if (input.request.mode != model::PlanMode::destroy) {
      for (const auto& resource : input.topology.resources) desired_.insert(resource.address);
    }
    all_ = desired_;
    for (const auto& [address, row] : input.rows) all_.insert(address);
  }

  std::expected<Scope, schema::Diagnostics> make() {
    const auto& request = input_.request;
    const bool excludes = !request.excludes.empty();
    auto named = matching(excludes ? "--exclude" : "--target",
                          excludes ? request.excludes : request.targets);
    if (problems_.has_errors()) return std::unexpected(std::move(problems_));
    auto members = closure(named, excludes);
    if (excludes) {
      auto rest = all_;
      for (const auto& address : members) rest.erase(address);
      members = std::move(rest);
    }
    refuse_left_out_moves(members);
    if (problems_.has_errors()) return std::unexpected(std::move(problems_));
    return Scope(std::move(members));
  }

 private:
  AddressSet matching(const char* option, const std::vector<std::string>& patterns) {
    AddressSet found;
    for (const auto& pattern : patterns) {
      bool any = false;
      for (const auto& address : all_) {
        if (!is_named_by(address, pattern)) continue;
        found.insert(address);
        any = true;
      }
      if (!any) refuse_unknown(option, pattern);
    }
    return found;
  }

  void refuse_unknown(const char* option, const std::string& pattern) {
    for (const auto& [to, from] : input_.set_changes.moved_from) {
      if (!is_named_by(from, pattern)) continue;
      problems_.add(schema::error(
          "Matches nothing",
          fmt::format("{} {} names what moves to another address with this plan: name {}.", option,
                      pattern, to.text())));
      return;
    }
    problems_.add(schema::error(
        "Matches nothing",
        fmt::format("{} {} names no resource of the topology or the state, so nothing was "
                    "planned.{}",
                    option, pattern, did_you_mean_address(pattern, {all_.begin(), all_.end()}))));
  }

  /// "x requires y": x cannot be made or changed before what it needs, nor be removed before what
  /// still needs it.
  std::unordered_map<ResourceAddress, std::vector<ResourceAddress>> requirements() const {
    std::unordered_map<ResourceAddress, std::vector<ResourceAddress>> result;
    for (const auto& address : desired_) {
      const auto vertex = input_.graph.find(address);
      if (!vertex) continue;
      for (const auto& edge : input_.graph.needs(*vertex))
        result[address].push_back(input_.graph.address(edge.target));
    }
    for (const auto& [address, row] : input_.rows) {
      for (const auto& needed : row.dependencies) {
        if (!desired_.contains(needed) && all_.contains(needed)) result[needed].push_back(address);
      }
    }
    return result;
  }

  /// Everything that `start` requires, or with `backwards` everything that requires it.
  AddressSet closure(const AddressSet& start, bool backwards) const {
    auto edges = requirements();
    if (backwards) {
      std::unordered_map<ResourceAddress, std::vector<ResourceAddress>> turned;
      for (const auto& [from, targets] : edges) {
        for (const auto& target : targets) turned[target].push_back(from);
      }
      edges = std::move(turned);
    }
    AddressSet seen = start;
    std::vector<ResourceAddress> open(start.begin(), start.end());
    while (!open.empty()) {
      const auto address = open.back();
      open.pop_back();
      const auto at = edges.find(address);
      if (at == edges.end()) continue;
      for (const auto& next : at->second) {
        if (seen.insert(next).second) open.push_back(next);
      }
    }
    return seen;
  }

  /// A move is stored as a whole before the first step, whatever the plan is about.
  void refuse_left_out_moves(const AddressSet& members) {
    for (const auto& [to, from] : input_.set_changes.moved_from) {
      if (members.contains(to)) continue;
      problems_.add(schema::error(
          "A move is left out",
          fmt::format("{0} moves to {1} with the next apply, but {1} is outside of this plan. "
                      "Apply the move first, or let the plan include {1}.",
                      from.text(), to.text())));
    }
  }

  const ScopeInput& input_;
  AddressSet desired_;
  AddressSet all_;
  schema::Diagnostics problems_;
};

}  // namespace

std::expected<Scope, schema::Diagnostics> make_scope(const ScopeInput& input) {
  if (input.request.targets.empty() && input.request.excludes.empty()) return Scope();
  return ScopeMaker(input).make();
}

}  // namespace pveplan::engine
