#pragma once

#include "schema/topology.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::engine {

/// An attribute that names something else, with the name that a resource states there.
struct NamedThing {
  const schema::AttributeSchema* attribute = nullptr;
  schema::Path path;
  std::string name;
};

/// All names that a resource states for targets of one type, "storage" or "template" for example,
/// in its own attributes and in its keyed parts.
std::vector<NamedThing> names_of(const schema::Resource& resource, std::string_view target_type);

/// Names of blocks whose instance on the own node is meant, of any type.
std::vector<std::pair<std::string, NamedThing>> own_node_names(const schema::Resource& resource);

/// The attribute that is chosen in this way; nullptr when the type has none.
const schema::AttributeSchema* attribute_of_choice(const schema::ObjectSchema& object,
                                                   schema::Choice choice);

/// The text of a string attribute; empty where it is absent or not known yet.
std::string text_at(const schema::Value& attributes, std::string_view name);

}  // namespace pveplan::engine
