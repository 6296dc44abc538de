#pragma once

#include "engine/graph.hpp"
#include "model/plan.hpp"
#include "schema/topology.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace pveplan::engine {

struct PlanRequest;
struct SetChanges;

/// Which resources a plan is about: everything, or what --target and --exclude leave of it. What is
/// outside keeps its object and its row as they are.
class Scope {
 public:
  Scope() = default;  ///< everything
  explicit Scope(std::unordered_set<schema::ResourceAddress> members)
      : members_(std::move(members)) {}

  bool contains(const schema::ResourceAddress& address) const {
    return !members_ || members_->contains(address);
  }

 private:
  std::optional<std::unordered_set<schema::ResourceAddress>> members_;
};

/// What a scope is made from: the desired resources, and the rows as the plan sees them.
struct ScopeInput {
  const PlanRequest& request;
  const schema::Topology& topology;
  const ResourceGraph& graph;
  const std::map<schema::ResourceAddress, model::Row>& rows;
  const SetChanges& set_changes;
};

/// A pattern names an instance, a whole block by its address without a key, or a glob of either.
/// With targets: these and everything that has to be done for them, which is what they need, and
/// for what is removed, what still needs it. With excludes: everything but these and whatever
/// cannot be done without them. Errors: a pattern that names nothing, and a pending move that would
/// be left out.
std::expected<Scope, schema::Diagnostics> make_scope(const ScopeInput& input);

}  // namespace pveplan::engine
