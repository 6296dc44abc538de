#include "engine/in_effect.hpp"

#include "engine/effects.hpp"
#include "schema/value_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Availability;
using schema::Path;
using schema::ResourceAddress;
using schema::Value;

namespace {

const Value kNoValue;

const Value& named(const Value& exported, const std::string& name) {
  const Value* found = exported.find(name);
  return found == nullptr ? kNoValue : *found;
}

std::set<std::string> export_names(const Value& exported) {
  std::set<std::string> names;
  if (!exported.has_fields()) return names;
  for (const auto& each : exported.as_fields()) names.insert(each.first);
  return names;
}

/// What will be in force once the change is made, as far as its own attributes wait: a new part's
/// address is handed to the guest at its next start, whatever becomes of the device.
Value in_force_after(const schema::ObjectSchema& object, const model::Change& change) {
  auto values = change.after;
  for (const auto& each : change.attributes) {
    if (each.effects.waits_for_restart) {
      values = values.with(each.path, each.before);
    } else if (each.before.is_null() &&
               makes_new_instance(object, each, change.before, change.after)) {
      const auto* part = object.find(each.path.steps()[0]);
      for (const auto& inner : part->type.object->attributes) {
        const bool address = inner.format == schema::Format::guest_ipv4 ||
                             inner.format == schema::Format::guest_ipv6;
        const auto path = each.path.child(inner.name);
        if (address && values.find(path) != nullptr) values = values.with(path, Value());
      }
    }
  }
  return values;
}

/// The first reference to something that waits, in the order of the text.
class WaitingReads {
 public:
  explicit WaitingReads(const Planning& planning) : planning_(planning) {}

  void look(const Value& value) {
    if (!value.contains_reference()) return;
    schema::for_each_inside(value, [this](const Value& each) {
      if (each.kind() != Value::Kind::reference) return;
      for (const auto& part : each.as_reference().parts) look(part);
    });
  }

  std::optional<model::Postponed> take() { return std::move(found_); }

 private:
  void look(const schema::Reference::Part& part) {
    if (!part.target || part.attribute.empty()) return;
    const auto targets = part.all_instances ? planning_.instances(*part.target)
                                            : std::vector<ResourceAddress>{*part.target};
    for (const auto& target : targets) {
      const auto* waiting = planning_.waiting_exports(target);
      if (found_ || waiting == nullptr || !waiting->names.contains(part.attribute.steps()[0]))
        continue;
      model::Postponed postponed;
      postponed.blocker = waiting->blocker;
      postponed.reason = fmt::format("{} waits for a restart (reads {}.{})",
                                     waiting->blocker.text(), target.text(), part.attribute.text());
      found_ = std::move(postponed);
    }
  }

  const Planning& planning_;
  std::optional<model::Postponed> found_;
};

}  // namespace

std::set<std::string> not_in_effect(const model::LiveObject& live) {
  auto names = live.in_effect.is_null() ? std::set<std::string>() : export_names(live.exported);
  std::erase_if(names, [&live](const std::string& name) {
    return named(live.exported, name) == named(live.in_effect, name);
  });
  return names;
}

std::set<std::string> not_in_effect(const core::ResourceType& type, const model::Change& change,
                                    const model::LiveObject& live) {
  const bool starts_anew = change.effects.availability >= Availability::restart ||
                           change.action == model::Action::replace;
  if (starts_anew || change.action == model::Action::remove) return {};
  const auto waited_before = not_in_effect(live);
  if (!change.effects.waits_for_restart && waited_before.empty()) return {};
  const auto& before = live.in_effect.is_null() ? live.exported : live.in_effect;
  const auto now =
      type.exports(change.address, in_force_after(type.schema().object, change), change.identity);
  auto names = export_names(change.exported);
  std::erase_if(names, [&](const std::string& name) {
    const auto& wanted = named(change.exported, name);
    if (wanted == named(before, name)) return true;
    return wanted == named(now, name) && !waited_before.contains(name);
  });
  return names;
}

std::optional<model::Postponed> postponement(const Planning& planning,
                                             const schema::Resource& resource) {
  WaitingReads reads(planning);
  reads.look(desired_attributes(planning.input, resource));
  return reads.take();
}

}  // namespace pveplan::engine
