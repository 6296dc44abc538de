#include "engine/view/plan_json.hpp"

#include "engine/order.hpp"
#include "engine/view/json_parts.hpp"
#include "engine/view/output_text.hpp"
#include "engine/view/plan_sections.hpp"

#include <algorithm>
#include <unordered_map>

namespace pveplan::view {

using model::Change;
using schema::Value;

namespace {

constexpr const char* kJsonPlanVersion = "1.0";

/// A tree of the same shape with only `true` leaves, where the test holds; without any, false.
template <typename Test>
Value marks(const Value& value, const Test& test) {
  if (test(value)) return Value::boolean(true);
  if (value.kind() == Value::Kind::list) {
    Value::List items;
    bool any = false;
    for (const auto& item : value.as_list()) {
      items.push_back(marks(item, test));
      any = any || items.back() != Value::boolean(false);
    }
    return any ? Value::list(std::move(items)) : Value::boolean(false);
  }
  if (!value.has_fields()) return Value::boolean(false);
  Value::Fields fields;
  for (const auto& [name, inner] : value.as_fields()) {
    auto mark = marks(inner, test);
    if (mark != Value::boolean(false)) fields.emplace_back(name, std::move(mark));
  }
  return fields.empty() ? Value::boolean(false) : Value::map(std::move(fields));
}

Value sensitive_marks(const Value& value) {
  return marks(value, [](const Value& each) { return each.sensitive(); });
}

bool holds_sensitive(const Value& value) { return sensitive_marks(value) != Value::boolean(false); }

/// A whole attribute may be secret without any mark on its value.
Value json_attribute(const model::AttributeChange& attribute) {
  const auto shown = [&](const Value& value) {
    return attribute.sensitive ? Value() : disclosed(value);
  };
  return Value::map(
      {{"path", json_texts(attribute.path.steps())},
       {"before", shown(attribute.before)},
       {"after", shown(attribute.after)},
       {"sensitive", Value::boolean(attribute.sensitive || attribute.before.sensitive() ||
                                    attribute.after.sensitive())},
       {"known_after_apply", Value::boolean(is_open(attribute.after))},
       {"forces_replace", Value::boolean(attribute.forces_replace)},
       {"released", Value::boolean(attribute.released)},
       {"effects", json_effects(attribute.effects)},
       {"note", Value::string(attribute.note)}});
}

Value replace_paths(const Change& change) {
  Value::List paths;
  for (const auto& attribute : change.attributes) {
    if (attribute.forces_replace) paths.push_back(json_texts(attribute.path.steps()));
  }
  return Value::list(std::move(paths));
}

/// Secret attributes of the schema carry no mark in whole objects: their places are hidden here.
Value without_secrets(const Change& change, Value object) {
  for (const auto& attribute : change.attributes) {
    if (attribute.sensitive && object.find(attribute.path) != nullptr)
      object = object.with(attribute.path, Value::string("").as_sensitive());
  }
  return object;
}

using Operations = std::unordered_map<schema::ResourceAddress, Value::List>;

Operations operations_by_address(const model::Plan& plan) {
  Operations result;
  for (const auto& step : plan.steps) {
    if (step.operation == engine::kBarrier) continue;
    Value::List needs;
    for (const auto need : step.dependencies) needs.push_back(Value::integer(need));
    result[step.address].push_back(Value::map({{"id", Value::integer(step.id)},
                                               {"operation", Value::string(step.operation)},
                                               {"summary", Value::string(step.summary)},
                                               {"brief", Value::string(step.words())},
                                               {"needs", Value::list(std::move(needs))},
                                               {"writes", Value::integer(step.writes)}}));
  }
  return result;
}

Value json_backup(const Change& change) {
  if (!change.backup) return {};
  const auto& [seen, covers, leaves_out] = *change.backup;
  const bool found = !seen.volume.empty();
  return Value::map({{"volume", text_or_null(seen.volume)},
                     {"storage", text_or_null(seen.storage)},
                     {"taken_at", found ? Value::integer(seen.taken_at) : Value()},
                     {"verified", Value::boolean(seen.verified)},
                     {"covers", json_texts(covers)},
                     {"leaves_out", json_texts(leaves_out)},
                     {"looked_at", json_texts(seen.looked_at)},
                     {"hidden", json_texts(seen.hidden)}});
}

Value json_change(const Change& change, const Operations& operations) {
  const auto before = without_secrets(change, change.before);
  const auto after = without_secrets(change, change.after);
  Value::List attributes;
  for (const auto& each : change.attributes) attributes.push_back(json_attribute(each));
  const auto steps = operations.find(change.address);
  return Value::map(
      {{"address", Value::string(change.address.text())},
       {"type", Value::string(change.address.type)},
       {"name", Value::string(change.address.name)},
       {"index", change.address.key ? Value::string(*change.address.key) : Value()},
       {"identity", disclosed(change.identity)},
       {"change", Value::map({{"actions", json_actions(change.action)},
                              {"before", disclosed(before)},
                              {"after", disclosed(after)},
                              {"after_unknown", marks(after, is_open)},
                              {"before_sensitive", sensitive_marks(before)},
                              {"after_sensitive", sensitive_marks(after)},
                              {"replace_paths", replace_paths(change)}})},
       {"attributes", Value::list(std::move(attributes))},
       {"action_reason", Value::string(change.reason)},
       {"effects", json_effects(change.effects)},
       {"worst_effect", Value::string(worst_word(worst_effect(change)))},
       {"resumes", Value::boolean(change.resumes)},
       {"previous_address", text_or_null(change.moved_from)},
       {"imported_from", text_or_null(change.imported_from)},
       {"notes", json_texts(change.notes)},
       {"warnings", json_texts(change.warnings)},
       {"also", json_texts(change.also)},
       {"backup", json_backup(change)},
       {"depends_on", json_addresses(change.dependencies)},
       {"fingerprint", Value::string(change.fingerprint)},
       {"operations", steps == operations.end() ? Value::list({}) : Value::list(steps->second)}});
}

Value json_output(const Change& change) {
  const bool hidden = hides_output(change);
  const auto value_of = [](const Value& output) {
    const Value* value = output.find("value");
    return value == nullptr ? Value() : *value;
  };
  const auto before = value_of(change.before), after = value_of(change.after);
  return Value::map(
      {{"name", Value::string(change.address.name)},
       {"actions", json_actions(change.action)},
       {"before", hidden ? Value() : disclosed(before)},
       {"after", hidden ? Value() : disclosed(after)},
       {"after_unknown", marks(after, is_open)},
       {"sensitive", Value::boolean(hidden || holds_sensitive(before) || holds_sensitive(after))},
       {"previous_address", text_or_null(change.moved_from)}});
}

Value json_origin(const model::PlanOrigin& origin) {
  return Value::map({{"identity", Value::string(origin.cluster)},
                     {"name", Value::string(origin.cluster_name)},
                     {"version", Value::string(origin.server_version)},
                     {"nodes", Value::integer(origin.nodes)},
                     {"nodes_online", Value::integer(origin.nodes_online)}});
}

Value json_pairs(const std::vector<std::pair<schema::ResourceAddress, std::string>>& pairs,
                 const char* name) {
  Value::List items;
  for (const auto& [address, text] : pairs)
    items.push_back(
        Value::map({{"address", Value::string(address.text())}, {name, Value::string(text)}}));
  return Value::list(std::move(items));
}

}  // namespace

Value plan_json(const engine::SavedPlan& saved) {
  const auto& plan = saved.plan;
  const auto operations = operations_by_address(plan);
  Value::List changes, outputs, drift, warnings;
  for (const auto& change : plan.changes) {
    if (change.address.is_output()) {
      outputs.push_back(json_output(change));
    } else {
      changes.push_back(json_change(change, operations));
    }
  }
  for (const auto& each : plan.drift) drift.push_back(json_drift(each));
  for (const auto& each : plan.warnings)
    warnings.push_back(Value::map(
        {{"summary", Value::string(each.summary)}, {"detail", Value::string(each.detail)}}));
  std::vector<std::pair<schema::ResourceAddress, std::string>> unknown;
  Value::List held;
  for (const auto& each : plan.unknown) {
    if (!each.blocker) {
      unknown.emplace_back(each.address, each.reason);
      continue;
    }
    held.push_back(Value::map({{"address", Value::string(each.address.text())},
                               {"reason", Value::string(each.reason)},
                               {"blocker", Value::string(each.blocker->text())}}));
  }
  return Value::map({{"format_version", Value::string(kJsonPlanVersion)},
                     {"pveplan_version", Value::string(saved.program)},
                     {"id", Value::string(saved.id)},
                     {"topology", Value::string(plan.origin.topology)},
                     {"topology_digest", Value::string(plan.origin.topology_digest)},
                     {"mode", Value::string(std::string(model::name(plan.mode)))},
                     {"complete", Value::boolean(!plan.partial())},
                     {"cluster", json_origin(plan.origin)},
                     {"state", Value::map({{"lineage", Value::string(plan.origin.lineage)},
                                           {"serial", json_number(plan.origin.serial)}})},
                     {"allowed", Value::map({{"data_loss", json_texts(plan.allowed)},
                                             {"restart", json_texts(plan.restarts)}})},
                     {"scope", json_scope(plan)},
                     {"refreshed", Value::boolean(plan.refreshed)},
                     {"needs_permission", json_addresses(plan.needs_permission)},
                     {"summary", json_summary(plan)},
                     {"resource_changes", Value::list(std::move(changes))},
                     {"output_changes", Value::list(std::move(outputs))},
                     {"resource_drift", Value::list(std::move(drift))},
                     {"unreadable", json_pairs(unknown, "reason")},
                     {"not_planned", Value::list(std::move(held))},
                     {"waiting_for_restart", json_pairs(plan.waiting, "what")},
                     {"made_from_older", json_pairs(plan.older, "what")},
                     {"postponed", json_postponed(plan)},
                     {"capacity", json_texts(plan.capacity)},
                     {"warnings", Value::list(std::move(warnings))}});
}

Value drift_json(const engine::SavedPlan& saved) {
  const auto plan = plan_json(saved);
  Value::Fields fields;
  for (const char* name : {"format_version", "pveplan_version", "topology", "complete", "cluster",
                           "state", "resource_drift", "unreadable"})
    fields.emplace_back(name, *plan.find(name));
  return Value::map(std::move(fields));
}

}  // namespace pveplan::view
