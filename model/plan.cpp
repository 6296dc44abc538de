#include "model/plan.hpp"

#include <algorithm>

namespace pveplan::model {

std::string_view name(PlanMode mode) {
  switch (mode) {
    case PlanMode::converge:
      return "converge";
    case PlanMode::destroy:
      return "destroy";
    case PlanMode::refresh:
      break;
  }
  return "refresh";
}

const Change* Plan::change(const schema::ResourceAddress& address) const {
  const auto at = std::lower_bound(changes.begin(), changes.end(), address,
                                   [](const Change& each, const schema::ResourceAddress& wanted) {
                                     return each.address < wanted;
                                   });
  return at != changes.end() && at->address == address ? &*at : nullptr;
}

}  // namespace pveplan::model
