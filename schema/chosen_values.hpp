#pragma once

#include "schema/topology.hpp"

#include <string>
#include <vector>

namespace pveplan::schema {

/// A stated value of an attribute that pveplan would otherwise choose: a VMID, a MAC, an address.
struct ChosenValue {
  Path path;  ///< "vmid", "nic.lan.ip"
  const AttributeSchema* attribute = nullptr;
  Value value;
  const Value* part = nullptr;  ///< the keyed part around it; nullptr for the resource's own
};

/// All stated values of one kind: of the resource itself and of its keyed parts, by path. Unknown
/// ones and references are left out.
std::vector<ChosenValue> chosen_values(const Resource& resource, Choice choice);

}  // namespace pveplan::schema
