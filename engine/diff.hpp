#pragma once

#include "model/change.hpp"
#include "model/live.hpp"
#include "schema/resource_schema.hpp"

#include <set>
#include <string>
#include <vector>

namespace pveplan::engine {

/// What the topology wants of one resource: references that are known are resolved, values that are
/// chosen at plan time are filled in.
struct Desired {
  schema::Value attributes;
  std::set<std::string> unset;
  std::set<std::string> ignore{};  ///< paths that others may change once the object exists
  bool rotates = false;            ///< secrets are sent again although they are the same
};

/// The difference between what is wanted, what pveplan wrote last, and what is.
struct Difference {
  schema::Value after;  ///< everything that will be owned
  std::vector<model::AttributeChange> changes;
  std::vector<model::Drift> drift;  ///< addresses are left empty
  bool forces_replace = false;
};

/// `desired` with the (ours) defaults that a new object gets.
schema::Value with_defaults(const schema::ObjectSchema& object, const schema::Value& desired,
                            bool creating, int server_version);

/// A new object: every attribute is added.
Difference difference_of_new(const schema::ObjectSchema& object, const schema::Value& after);

/// A living object. `owned` is what pveplan last wrote. What is not stated and not owned is left
/// alone; what was owned and is no longer stated is released.
Difference difference(const schema::ObjectSchema& object, const Desired& desired,
                      const schema::Value& owned, const model::LiveObject& live,
                      int server_version);

}  // namespace pveplan::engine
