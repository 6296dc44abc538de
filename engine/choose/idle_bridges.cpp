#include "engine/choose/idle_bridges.hpp"

#include "engine/choose/schema_walk.hpp"
#include "schema/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Change;
using schema::Path;
using schema::Value;

namespace {

/// Whether the change makes the NIC that says so, or puts it there.
bool sets(const Change& change, const Path& path) {
  if (change.action == Action::create || change.action == Action::replace) return true;
  const Path part({path.steps()[0], path.steps()[1]});
  return change.action == Action::update &&
         std::any_of(change.attributes.begin(), change.attributes.end(), [&](const auto& each) {
           return !each.after.is_null() && (each.path == part || each.path == path);
         });
}

/// The declared bridge that the guest means, if it does not come up by itself.
const schema::Resource* idle_bridge(const PlanInput& input, const std::string& name,
                                    const std::string& node) {
  const auto* bridge = input.topology.find({"bridge", name, "", node});
  if (bridge == nullptr) return nullptr;
  const Value* autostart = desired_attributes(input, *bridge).find("autostart");
  return autostart != nullptr && *autostart == Value::boolean(false) ? bridge : nullptr;
}

std::string interface_of(const PlanInput& input, const schema::Resource& bridge) {
  const auto stated = text_at(desired_attributes(input, bridge), "iface");
  return stated.empty() ? bridge.address.name : stated;
}

}  // namespace

std::vector<schema::Diagnostic> idle_bridges(const PlanInput& input, const model::Plan& plan) {
  std::map<const schema::Resource*, std::vector<std::string>> users;
  for (const auto& change : plan.changes) {
    const auto* resource = input.topology.find(change.address);
    if (resource == nullptr || text_at(change.after, "power") == "stopped") continue;
    for (const auto& each : names_of(*resource, "bridge")) {
      if (each.path.steps().size() < 3 || !sets(change, each.path)) continue;
      const auto* bridge = idle_bridge(input, each.name, text_at(change.identity, "node"));
      if (bridge == nullptr) continue;
      auto& names = users[bridge];
      if (names.empty() || names.back() != change.address.text())
        names.push_back(change.address.text());
    }
  }
  std::vector<schema::Diagnostic> warnings;
  for (const auto& [bridge, names] : users) {
    warnings.push_back(schema::warning(
        "Bridge does not come up by itself",
        fmt::format(
            "{0} says autostart = false, so the node only writes it down. As long as nobody "
            "brings it up there, with `ifup {1}`, these do not start: {2}.",
            bridge->address.text(), interface_of(input, *bridge), schema::join_words(names)),
        bridge->span_of(Path({"autostart"}))));
  }
  std::sort(warnings.begin(), warnings.end(),
            [](const auto& a, const auto& b) { return a.detail < b.detail; });
  return warnings;
}

}  // namespace pveplan::engine
