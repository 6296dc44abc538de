#pragma once

#include "engine/view/written_places.hpp"
#include "model/plan.hpp"
#include "schema/resource_schema.hpp"
#include "schema/topology.hpp"

#include <map>
#include <string>

namespace pveplan::view {

/// Everything that an explanation is made from.
struct Explained {
  const model::Plan& plan;
  const schema::Topology& topology;
  const WrittenPlaces& places;
  const std::map<schema::ResourceAddress, model::Row>& rows;
  const schema::SchemaRegistry& schemas;
};

/// Why the plan does what it does to one resource: for each attribute that differs what is wanted
/// and where that stands, what the state and the server have, the rule that gave the effect; and
/// who needs whom. Secrets are not shown.
std::string explain_text(const Explained& explained, const schema::ResourceAddress& address);

}  // namespace pveplan::view
