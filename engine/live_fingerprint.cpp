#include "engine/live_fingerprint.hpp"

#include "engine/canonical.hpp"

#include <array>

namespace pveplan::engine {

using schema::Value;

namespace {

Value covered_facts(const model::LiveFacts& facts) {
  static constexpr std::array kCovered = {"status",  "lock",      "ha",         "protection",
                                          "hotplug", "snapshots", "undeclared", "volumes"};
  Value::Fields fields;
  for (const auto* name : kCovered) {
    if (const Value* fact = facts.find(name)) fields.emplace_back(name, *fact);
  }
  return fields.empty() ? Value() : Value::map(std::move(fields));
}

}  // namespace

std::string live_fingerprint(const core::ResourceType& type, const model::Row& row,
                             const model::LiveObject& live, const model::Effects& effects) {
  const bool hurts = effects.availability >= model::Availability::disturb || effects.loses_data();
  return fingerprint(type.schema().object, row.owned, live.attributes, live.identity,
                     hurts ? covered_facts(live.facts) : Value());
}

}  // namespace pveplan::engine
