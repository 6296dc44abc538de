#include "engine/view/json_parts.hpp"

#include <map>

namespace pveplan::view {

using model::Action;
using schema::Value;

Value json_number(std::uint64_t number) {
  return Value::integer(static_cast<std::int64_t>(number));
}

Value json_texts(const std::vector<std::string>& texts) {
  Value::List items;
  for (const auto& text : texts) items.push_back(Value::string(text));
  return Value::list(std::move(items));
}

Value json_addresses(const std::vector<schema::ResourceAddress>& addresses) {
  Value::List items;
  for (const auto& address : addresses) items.push_back(Value::string(address.text()));
  return Value::list(std::move(items));
}

bool is_open(const Value& value) {
  return value.is_unknown() || value.kind() == Value::Kind::reference;
}

Value disclosed(const Value& value) {
  if (value.sensitive() || is_open(value)) return {};
  if (value.kind() == Value::Kind::list) {
    Value::List items;
    for (const auto& item : value.as_list()) items.push_back(disclosed(item));
    return Value::list(std::move(items));
  }
  if (!value.has_fields()) return value;
  Value::Fields fields;
  for (const auto& [name, inner] : value.as_fields()) {
    if (!is_open(inner)) fields.emplace_back(name, disclosed(inner));
  }
  return Value::map(std::move(fields));
}

Value json_actions(Action action) {
  switch (action) {
    case Action::create:
      return json_texts({"create"});
    case Action::update:
      return json_texts({"update"});
    case Action::replace:
      return json_texts({"delete", "create"});
    case Action::remove:
      return json_texts({"delete"});
    case Action::forget:
      return json_texts({"forget"});
    case Action::no_op:
      break;
  }
  return json_texts({"no-op"});
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value::string(text); }

const char* worst_word(WorstEffect effect) {
  switch (effect) {
    case WorstEffect::data_loss:
      return "data_loss";
    case WorstEffect::stop:
      return "stop";
    case WorstEffect::restart:
      return "restart";
    case WorstEffect::disturb:
      return "disturb";
    case WorstEffect::waits_for_restart:
      return "waits_for_restart";
    case WorstEffect::live:
      return "live";
    case WorstEffect::creates:
      return "new";
    case WorstEffect::none:
      break;
  }
  return "none";
}

Value json_effects(const model::Effects& effects) {
  Value::List data;
  for (const auto& each : effects.data) {
    const bool loss = each.kind == model::DataEffect::Kind::loss;
    data.push_back(Value::map({{"kind", Value::string(loss ? "loss" : "copy")},
                               {"bytes", json_number(each.bytes)},
                               {"volume", Value::string(each.volume)}}));
  }
  return Value::map(
      {{"availability", Value::string(std::string(model::name(effects.availability)))},
       {"data", Value::list(std::move(data))},
       {"waits_for_restart", Value::boolean(effects.waits_for_restart)},
       {"interrupts_node",
        effects.interrupts_node.empty() ? Value() : Value::string(effects.interrupts_node)},
       {"may_lock_out", Value::boolean(effects.may_lock_out)},
       {"lost_snapshots", json_texts(effects.lost_snapshots)}});
}

Value json_drift(const model::Drift& drift) {
  return Value::map({{"address", Value::string(drift.address.text())},
                     {"path", json_texts(drift.path.steps())},
                     {"was", disclosed(drift.was)},
                     {"is", disclosed(drift.is)},
                     {"wanted", disclosed(drift.wanted)},
                     {"note", Value::string(drift.note)}});
}

Value json_scope(const model::Plan& plan) {
  return Value::map({{"targets", json_texts(plan.targets)},
                     {"excludes", json_texts(plan.excludes)},
                     {"replaces", json_texts(plan.replaces)},
                     {"left_out", json_number(plan.left_out)}});
}

Value json_postponed(const model::Plan& plan) {
  Value::List items;
  for (const auto& each : plan.postponed)
    items.push_back(Value::map({{"address", Value::string(each.address.text())},
                                {"actions", json_actions(each.action)},
                                {"reason", Value::string(each.reason)},
                                {"blocker", Value::string(each.blocker.text())}}));
  return Value::list(std::move(items));
}

Value json_summary(const model::Plan& plan) {
  const auto counts = count_changes(plan);
  std::map<std::string, std::uint64_t> effects;
  std::uint64_t lost = 0, writes = 0;
  for (const auto& change : plan.changes) {
    if (change.address.is_output()) continue;
    ++effects[worst_word(worst_effect(change))];
    lost += change.effects.lost_bytes();
  }
  for (const auto& step : plan.steps) writes += step.writes;
  Value::Fields by_effect;
  for (const auto& [word, count] : effects) by_effect.emplace_back(word, json_number(count));
  return Value::map({{"add", json_number(counts.add)},
                     {"change", json_number(counts.change)},
                     {"destroy", json_number(counts.destroy)},
                     {"replace", json_number(counts.replace)},
                     {"forget", json_number(counts.forget)},
                     {"import", json_number(counts.import)},
                     {"unchanged", json_number(plan.matching)},
                     {"effects", Value::map(std::move(by_effect))},
                     {"lost_bytes", json_number(lost)},
                     {"reads", json_number(plan.reads + plan.extra_reads)},
                     {"writes", json_number(writes)},
                     {"unmanaged_guests", json_number(plan.unmanaged_guests)}});
}

}  // namespace pveplan::view
