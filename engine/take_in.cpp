#include "engine/diff.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/plan_value.hpp"
#include "engine/planning.hpp"
#include "schema/value_walk.hpp"

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::Value;

namespace {

/// In the place of a secret the row has a digest. The server has the secret itself, which no state
/// ever holds.
bool holds_digest(const Value& owned) {
  return schema::any_inside(owned,
                            [](const Value& value) { return digest_of_secret(value) != nullptr; });
}

void take_over(Planning& planning, const model::Row& row, const model::LiveObject& live) {
  const auto& type = planning.type_of(row.address);
  const std::set<std::string> nothing;
  auto difference = engine::difference(type.schema().object, {row.owned, nothing, nothing},
                                       row.owned, live, planning.input.cluster.version);
  std::erase_if(difference.drift, [](const auto& drift) { return holds_digest(drift.was); });
  if (difference.drift.empty()) {
    ++planning.result.plan.matching;
    if (live.identity == row.identity) return;
    auto silent = row;
    silent.identity = live.identity;
    if (!live.exported.is_null()) silent.exported = live.exported;
    planning.result.silent_rows.push_back(std::move(silent));
    return;
  }
  Change change;
  change.address = row.address;
  change.action = Action::no_op;
  change.identity = live.identity;
  change.before = row.owned;
  change.after = row.owned;
  change.facts = live.facts;
  change.exported = row.exported;
  change.dependencies = row.dependencies;
  change.notes.push_back("what is live is taken into the state");
  for (const auto& drift : difference.drift) {
    change.after = change.after.with(drift.path, drift.is);
    model::AttributeChange attribute;
    attribute.path = drift.path;
    attribute.before = drift.was;
    attribute.after = drift.is;
    change.attributes.push_back(std::move(attribute));
  }
  change.fingerprint = live_fingerprint(type, row, live, change.effects);
  planning.result.plan.changes.push_back(std::move(change));
}

}  // namespace

void take_in(Planning& planning, const model::Row& row) {
  const auto at = planning.input.live.objects.find(row.address);
  const auto* outcome = at == planning.input.live.objects.end() ? nullptr : &at->second;
  if (outcome == nullptr) return;
  if (const auto* unreadable = std::get_if<model::Unreadable>(outcome)) {
    planning.result.plan.unknown.push_back({row.address, unreadable->reason});
  } else if (row.status == model::RowStatus::incomplete) {
    ++planning.result.plan.matching;  // kept as it is for the run that goes on with it
  } else if (const auto* live = std::get_if<model::LiveObject>(outcome)) {
    take_over(planning, row, *live);
  } else {
    Change change;
    change.address = row.address;
    change.action = Action::forget;
    change.identity = row.identity;
    change.reason = "it no longer exists";
    planning.result.plan.changes.push_back(std::move(change));
  }
}

}  // namespace pveplan::engine
