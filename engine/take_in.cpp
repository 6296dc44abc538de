#include "engine/diff.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/plan_value.hpp"
#include "engine/planning.hpp"

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::Path;
using schema::Value;

namespace {

/// The value with another one at the path; a null takes the place out.
Value with_or_without(const Value& object, const std::vector<std::string>& steps, std::size_t at,
                      const Value& inner) {
  if (at == steps.size()) return inner;
  Value::Fields fields;
  bool found = false;
  if (object.has_fields()) {
    for (const auto& [name, held] : object.as_fields()) {
      found = found || name == steps[at];
      auto value = name == steps[at] ? with_or_without(held, steps, at + 1, inner) : held;
      if (!value.is_null()) fields.emplace_back(name, std::move(value));
    }
  }
  if (!found && !inner.is_null())
    fields.emplace_back(steps[at], with_or_without(Value(), steps, at + 1, inner));
  return object.kind() == Value::Kind::object ? Value::object(std::move(fields))
                                              : Value::map(std::move(fields));
}

/// In the place of a secret the row has a digest. The server has the secret itself, which no state
/// ever holds.
bool holds_digest(const Value& owned) {
  if (digest_of_secret(owned) != nullptr) return true;
  if (owned.kind() == Value::Kind::list)
    return std::any_of(owned.as_list().begin(), owned.as_list().end(), holds_digest);
  return owned.has_fields() &&
         std::any_of(owned.as_fields().begin(), owned.as_fields().end(),
                     [](const auto& each) { return holds_digest(each.second); });
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
    change.after = with_or_without(change.after, drift.path.steps(), 0, drift.is);
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
  } else if (const auto* live = std::get_if<model::LiveObject>(outcome)) {
    take_over(planning, row, *live);
  } else if (row.status == model::RowStatus::incomplete) {
    ++planning.result.plan.matching;  // its number is kept for the run that goes on with it
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
