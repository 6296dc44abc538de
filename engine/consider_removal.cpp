#include "engine/effects.hpp"
#include "engine/going_along.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/planning.hpp"
#include "engine/remembered_secrets.hpp"

#include <fmt/format.h>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::ResourceAddress;

namespace {

class Removal {
 public:
  explicit Removal(Planning& planning) : planning_(planning), input_(planning.input) {}

  void consider(const model::Row& row) {
    const auto live = input_.live.objects.find(row.address);
    const model::ReadOutcome absent = model::Absent();
    const auto& outcome = live == input_.live.objects.end() ? absent : live->second;
    if (const auto* unreadable = std::get_if<model::Unreadable>(&outcome)) {
      planning_.result.plan.unknown.push_back({row.address, unreadable->reason});
      return;
    }
    Change change;
    change.address = row.address;
    change.identity = row.identity;
    const auto* resource = input_.topology.find(row.address);
    if (row.observed || (resource != nullptr && resource->lifecycle.observe)) {
      forget_living(change, row, outcome, "was only observed; it stays as it is");
    } else if (input_.set_changes.kept.contains(row.address)) {
      forget_living(change, row, outcome, "stays as it is: [[removed]] says destroy = false");
    } else if (const auto* object = std::get_if<model::LiveObject>(&outcome)) {
      const auto& type = planning_.type_of(row.address);
      change.action = Action::remove;
      change.before = without_secrets(object->attributes, row.owned, input_.digest);
      change.identity = object->identity;
      change.facts = object->facts;
      change.effects = removal_effects(type.schema().object, object->facts);
      const auto hidden = text_of(object->facts.find("snapshots_hidden"));
      if (!hidden.empty()) change.warnings.push_back("its snapshots cannot be listed: " + hidden);
      change.fingerprint = live_fingerprint(type, row, *object, change.effects);
      describe_going_along(change, input_.cluster);
    } else {
      change.action = Action::forget;
      change.notes.push_back("is gone already");
    }
    change.reason = removal_reason(row.address);
    planning_.result.plan.changes.push_back(std::move(change));
  }

 private:
  void forget_living(Change& change, const model::Row& row, const model::ReadOutcome& outcome,
                     const char* why) const {
    change.action = Action::forget;
    change.notes.push_back(why);
    if (const auto* object = std::get_if<model::LiveObject>(&outcome))
      change.fingerprint =
          live_fingerprint(planning_.type_of(row.address), row, *object, change.effects);
  }

  std::string removal_reason(const ResourceAddress& address) const {
    if (input_.request.mode == model::PlanMode::destroy) return "destroy was asked for";
    const auto group = address.group();
    if (!planning_.has_group(group))
      return fmt::format("[{}] is no longer in the topology", group.text());
    if (!address.key) return fmt::format("[{}] has keys now", group.text());
    return fmt::format("[{}] has no key \"{}\" any more", group.text(), *address.key);
  }

  Planning& planning_;
  const PlanInput& input_;
};

}  // namespace

void consider_removal(Planning& planning, const model::Row& row) {
  Removal(planning).consider(row);
}

}  // namespace pveplan::engine
