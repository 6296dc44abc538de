#pragma once

#include "engine/planning.hpp"

#include <optional>
#include <set>
#include <string>

namespace pveplan::engine {

/// Exported values of an object that nothing is planned for, of which the guest still has others.
std::set<std::string> not_in_effect(const model::LiveObject& live);

/// Exported values that the guest will not have yet when the change is made: what of it waits for a
/// restart that the plan does not bring.
std::set<std::string> not_in_effect(const core::ResourceType& type, const model::Change& change,
                                    const model::LiveObject& live);

/// Whether the resource reads a value that is not in effect when the plan is done, and whose.
std::optional<model::Postponed> postponement(const Planning& planning,
                                             const schema::Resource& resource);

}  // namespace pveplan::engine
