#include "model/change.hpp"

namespace pveplan::model {

std::string_view name(Action action) {
  switch (action) {
    case Action::no_op:
      return "no change";
    case Action::create:
      return "create";
    case Action::update:
      return "change";
    case Action::replace:
      return "replace";
    case Action::remove:
      return "destroy";
    case Action::forget:
      return "forget";
  }
  return "no change";
}

const Identity& Change::living_identity() const {
  const auto* living = facts.find("identity");
  return living == nullptr ? identity : *living;
}

}  // namespace pveplan::model
