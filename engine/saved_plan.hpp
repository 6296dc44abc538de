#pragma once

#include "engine/plan_value.hpp"
#include "model/plan.hpp"
#include "schema/topology.hpp"

#include <string>
#include <vector>

namespace pveplan::engine {

/// A variable as it was when the plan was made, to say what has changed since.
struct SavedVariable {
  std::string name;
  schema::Value value;
  std::string origin;  ///< "--var", "default"
  friend bool operator==(const SavedVariable&, const SavedVariable&) = default;
};

/// Everything that `apply FILE` needs from the time when the plan was made.
struct SavedPlan {
  SavedPlan() {}  // no aggregate: coroutine parameter (g++ 12)

  model::Plan plan;
  std::vector<model::Row> silent_rows;  ///< stored by apply without a word
  std::vector<SavedVariable> variables;
  std::string program;     ///< version of pveplan that made it
  std::string created_at;  ///< RFC 3339, UTC
  std::string id;  ///< SHA-256 over everything but program and time: the same plan, the same id
};

/// SHA-256 over the desired resources: independent of files, order and spelling of the text.
/// Secrets take part by their place only.
std::string topology_digest(const schema::Topology& topology);

}  // namespace pveplan::engine
