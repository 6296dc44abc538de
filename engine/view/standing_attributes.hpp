#pragma once

#include "model/change.hpp"
#include "schema/resource_schema.hpp"

#include <string>
#include <vector>

namespace pveplan::view {

/// An attribute that a plan usually leaves out.
struct StandingAttribute {
  std::string name;  ///< "disk.os.size"
  std::string text;  ///< its value
};

/// What of the resource stays as it is, what it has by default when it is new, and all that goes
/// with it when it is removed; by name. Holds no secret.
std::vector<StandingAttribute> standing_attributes(const model::Change& change,
                                                   const schema::ResourceSchema* schema);

}  // namespace pveplan::view
