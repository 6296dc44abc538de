#include "model/cluster.hpp"

#include <algorithm>

namespace pveplan::model {

const NodeFacts* ClusterFacts::node(std::string_view wanted) const {
  const auto at = std::find_if(nodes.begin(), nodes.end(),
                               [wanted](const NodeFacts& each) { return each.name == wanted; });
  return at == nodes.end() ? nullptr : &*at;
}

const GuestFacts* ClusterFacts::guest(std::int64_t vmid) const {
  const auto at = std::find_if(guests.begin(), guests.end(),
                               [vmid](const GuestFacts& each) { return each.vmid == vmid; });
  return at == guests.end() ? nullptr : &*at;
}

}  // namespace pveplan::model
