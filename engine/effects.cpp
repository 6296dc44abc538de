#include "engine/effects.hpp"

#include <algorithm>

namespace pveplan::engine {

using model::Availability;
using schema::EffectRule;
using schema::Value;

namespace {

bool is_running(const model::LiveFacts& facts) {
  const Value* status = facts.find("status");
  return status != nullptr && status->is_string() && status->as_string() == "running";
}

std::string node_of(const model::LiveFacts& facts) {
  const Value* node = facts.find("node");
  return node != nullptr && node->is_string() ? node->as_string() : "?";
}

bool hotplugs(const model::LiveFacts& facts, std::string_view what) {
  const Value* list = facts.find("hotplug");
  if (list == nullptr || list->kind() != Value::Kind::list) return false;
  const auto& items = list->as_list();
  return std::any_of(items.begin(), items.end(), [what](const Value& item) {
    return item.is_string() && item.as_string() == what;
  });
}

RuledEffect with(Availability availability, std::string note = {}) {
  RuledEffect result;
  result.effects.availability = availability;
  result.note = std::move(note);
  return result;
}

RuledEffect plugged(ChangeKind kind, bool hotplug, const char* what) {
  if (!hotplug) return with(Availability::restart, std::string(what) + " hotplug is off");
  if (kind == ChangeKind::part_added) return with(Availability::live);
  return with(Availability::disturb, "unplugged while running");
}

RuledEffect for_running_guest(EffectRule rule, ChangeKind kind, const model::LiveFacts& facts) {
  switch (rule) {
    case EffectRule::restart:
      return with(Availability::restart, "never changes live");
    case EffectRule::cloud_init:
      return with(Availability::restart, "at the next start; cloud-init then sees a new instance");
    case EffectRule::hotplug_disk:
      return plugged(kind, hotplugs(facts, "disk"), "disk");
    case EffectRule::hotplug_nic:
      return plugged(kind, hotplugs(facts, "network"), "network");
    case EffectRule::hotplug_cpu:
      return hotplugs(facts, "cpu") ? with(Availability::live)
                                    : with(Availability::restart, "CPU hotplug is off");
    case EffectRule::hotplug_memory:
      return hotplugs(facts, "memory") ? with(Availability::live)
                                       : with(Availability::restart, "memory hotplug is off");
    case EffectRule::replug_nic:
      return with(Availability::disturb, "interrupts the link");
    case EffectRule::grow_disk:
      return with(Availability::live, "file system not grown");
    case EffectRule::none:
    case EffectRule::live:
    case EffectRule::network_reload:
    case EffectRule::create_only:
    case EffectRule::replaces:
    case EffectRule::identity:
      break;
  }
  return with(Availability::live);
}

}  // namespace

RuledEffect effect_of(EffectRule rule, ChangeKind kind, const model::LiveFacts& facts) {
  switch (rule) {
    case EffectRule::none:
      return with(Availability::none);
    case EffectRule::network_reload: {
      auto result = with(Availability::live);
      result.effects.interrupts_node = node_of(facts);
      return result;
    }
    case EffectRule::create_only: {
      auto result = with(Availability::none, "for new objects only");
      result.for_new_only = true;
      return result;
    }
    case EffectRule::replaces:
    case EffectRule::identity: {
      auto result = with(is_running(facts) ? Availability::stop : Availability::none);
      result.forces_replace = true;
      return result;
    }
    case EffectRule::live:
    case EffectRule::restart:
    case EffectRule::cloud_init:
    case EffectRule::hotplug_disk:
    case EffectRule::hotplug_nic:
    case EffectRule::hotplug_cpu:
    case EffectRule::hotplug_memory:
    case EffectRule::replug_nic:
    case EffectRule::grow_disk:
      break;
  }
  if (is_running(facts)) return for_running_guest(rule, kind, facts);
  return with(rule == EffectRule::live || rule == EffectRule::grow_disk ? Availability::live
                                                                        : Availability::none);
}

namespace {

/// Whether the part states an address that cloud-init hands to the guest.
bool has_address(const schema::ObjectSchema& part, const Value* held) {
  if (held == nullptr) return false;
  return std::any_of(part.attributes.begin(), part.attributes.end(), [held](const auto& each) {
    const bool address =
        each.format == schema::Format::guest_ipv4 || each.format == schema::Format::guest_ipv6;
    return address && held->find(each.name) != nullptr;
  });
}

}  // namespace

bool makes_new_instance(const schema::ObjectSchema& object, const model::AttributeChange& change,
                        const Value& before, const Value& after) {
  const auto& steps = change.path.steps();
  const auto* parts = steps.empty() ? nullptr : object.find(steps[0]);
  const bool is_part = parts != nullptr && parts->type.kind == schema::Type::Kind::keyed_part;
  if (!is_part || steps.size() < 2 || change.released) return false;
  const auto& schema = *parts->type.object;
  const auto* inner = steps.size() == 3 ? schema.find(steps[2]) : nullptr;
  const bool is_mac = inner != nullptr && inner->choice == schema::Choice::mac;
  if (steps.size() != 2 && !is_mac) return false;
  const schema::Path path({steps[0], steps[1]});
  return has_address(schema, before.find(path)) || has_address(schema, after.find(path));
}

bool reloads_network(const schema::ObjectSchema& object) {
  return std::any_of(object.attributes.begin(), object.attributes.end(),
                     [](const auto& each) { return each.effect == EffectRule::network_reload; });
}

std::vector<std::string> snapshots_of(const model::LiveFacts& facts) {
  std::vector<std::string> names;
  const Value* snapshots = facts.find("snapshots");
  if (snapshots == nullptr || snapshots->kind() != Value::Kind::list) return names;
  for (const auto& each : snapshots->as_list()) {
    const Value* name = each.find("name");
    if (name != nullptr && name->is_string()) names.push_back(name->as_string());
  }
  return names;
}

model::Effects removal_effects(const schema::ObjectSchema& object, const model::LiveFacts& facts) {
  model::Effects effects;
  if (reloads_network(object)) {
    effects.availability = Availability::live;
    effects.interrupts_node = node_of(facts);
  }
  if (is_running(facts)) effects.availability = Availability::stop;
  effects.lost_snapshots = snapshots_of(facts);
  const Value* volumes = facts.find("volumes");
  if (volumes == nullptr || volumes->kind() != Value::Kind::list) return effects;
  for (const auto& volume : volumes->as_list()) {
    const Value* bytes = volume.find("bytes");
    const Value* label = volume.find("label");
    effects.data.push_back({model::DataEffect::Kind::loss,
                            bytes != nullptr ? static_cast<std::uint64_t>(bytes->as_integer()) : 0,
                            label != nullptr ? label->as_string() : std::string()});
  }
  return effects;
}

}  // namespace pveplan::engine
