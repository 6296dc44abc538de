#include "engine/diff.hpp"

#include "engine/canonical.hpp"
#include "engine/effects.hpp"

#include <algorithm>

namespace pveplan::engine {

using schema::AttributeSchema;
using schema::ObjectSchema;
using schema::Path;
using schema::Value;
using TypeKind = schema::Type::Kind;

namespace {

const Value kNothing;

const Value& field(const Value& value, std::string_view name) {
  const Value* found = value.find(name);
  return found != nullptr ? *found : kNothing;
}

bool is_parts(const AttributeSchema& attribute) {
  return attribute.type.kind == TypeKind::keyed_part;
}

bool is_nested(const AttributeSchema& attribute) { return attribute.type.kind == TypeKind::object; }

/// Walks wanted, owned and live values side by side.
class Comparison {
 public:
  Comparison(const Desired& desired, const model::LiveObject& live, int server_version)
      : unset_(desired.unset),
        ignore_(desired.ignore),
        rotates_(desired.rotates),
        facts_(live.facts),
        running_(live.running),
        server_version_(server_version) {}

  Value object(const ObjectSchema& schema, const Value& wanted, const Value& owned,
               const Value& live, const Path& path) {
    Value::Fields after;
    for (const auto& attribute : schema.attributes) {
      if (attribute.presence == schema::Presence::computed_by_server) continue;
      auto value = one(attribute, field(wanted, attribute.name), field(owned, attribute.name),
                       field(live, attribute.name), path.child(attribute.name));
      if (!value.is_null()) after.emplace_back(attribute.name, std::move(value));
    }
    return Value::object(std::move(after));
  }

  Difference take() { return std::move(result_); }

 private:
  Value one(const AttributeSchema& attribute, const Value& wanted, const Value& owned,
            const Value& live, const Path& path) {
    // Not owned any more, so neither drift nor a change that apply would refuse to overwrite.
    if (ignore_.contains(path.text())) return {};
    if (is_parts(attribute)) return parts(attribute, wanted, owned, live, path);
    if (is_nested(attribute)) {
      if (wanted.is_null() && owned.is_null()) return {};
      auto inner = object(*attribute.type.object, wanted, owned, live, path);
      return inner.as_fields().empty() && wanted.is_null() ? Value() : inner;
    }
    note_drift(attribute, wanted, owned, live, path);
    if (wanted.is_null()) return dropped(attribute, owned, live, path);
    compare(attribute, wanted, owned, live, path);
    return wanted;
  }

  Value parts(const AttributeSchema& attribute, const Value& wanted, const Value& owned,
              const Value& live, const Path& path) {
    Value::Fields after;
    for (const auto& name : names(wanted, owned)) {
      const auto& want = field(wanted, name);
      const auto& own = field(owned, name);
      const auto& is = field(live, name);
      const auto here = path.child(name);
      if (ignore_.contains(here.text())) {
        if (!own.is_null()) after.emplace_back(name, own);  // it stays ours, as it was
      } else if (want.is_null()) {
        part_gone(attribute, own, is, here);
      } else if (is.is_null()) {
        if (!own.is_null()) {
          result_.drift.push_back({{}, here, own, Value(), want, "removed"});
        }
        auto added = with_defaults(*attribute.type.object, want, true, server_version_);
        add(attribute, here, Value(), added, ChangeKind::part_added);
        after.emplace_back(name, std::move(added));
      } else {
        part_ = &attribute;
        after.emplace_back(name, object(*attribute.type.object, want, own, is, here));
        part_ = nullptr;
      }
    }
    return after.empty() ? Value() : Value::map(std::move(after));
  }

  void part_gone(const AttributeSchema& attribute, const Value& owned, const Value& live,
                 const Path& path) {
    if (live.is_null()) return;  // gone already: nothing is left to remove
    add(attribute, path, owned, Value(), ChangeKind::part_removed);
    const bool holds_data = attribute.type.object->find("size") != nullptr;
    if (!holds_data || field(owned, "on_remove") == Value::string("keep")) return;
    const auto& size = field(live, "size").is_null() ? field(owned, "size") : field(live, "size");
    const bool known = size.kind() == Value::Kind::integer;
    result_.changes.back().effects.data.push_back(
        {model::DataEffect::Kind::loss, known ? static_cast<std::uint64_t>(size.as_integer()) : 0,
         path.text()});
  }

  /// Owned before, no longer stated: reset when `unset` names it; kept when it is a default that
  /// binds at create, or tells how the object was made; released otherwise.
  Value dropped(const AttributeSchema& attribute, const Value& owned, const Value& live,
                const Path& path) {
    const bool reset = unset_.contains(path.text());
    if (reset && !live.is_null()) {
      add(attribute, path, live, Value(), ChangeKind::set);
      return {};
    }
    if (owned.is_null() || reset) return {};
    const bool ours = std::any_of(attribute.defaults.begin(), attribute.defaults.end(),
                                  [](const schema::Default& each) {
                                    return each.owner == schema::DefaultOwner::ours_at_create;
                                  });
    const bool of_making = attribute.effect == schema::EffectRule::create_only;
    if (ours || of_making || attribute.presence == schema::Presence::computed_at_plan) return owned;
    model::AttributeChange change;
    change.path = path;
    change.before = change.after = live;
    change.released = true;
    change.sensitive = attribute.sensitive;
    result_.changes.push_back(std::move(change));
    return {};
  }

  void compare(const AttributeSchema& attribute, const Value& wanted, const Value& owned,
               const Value& live, const Path& path) {
    // A secret cannot be read back: what was written last stands for what is.
    const auto& is = attribute.sensitive ? owned : live;
    if (canonically_equal(attribute, wanted, is)) {
      if (attribute.sensitive && rotates_) add(attribute, path, is, wanted, ChangeKind::set);
      return;
    }
    const bool secret = wanted.sensitive() || is.sensitive();
    if (attribute.type.kind == TypeKind::any && wanted.has_fields() && is.has_fields() && !secret) {
      free_form(attribute, wanted, is, path);
      return;
    }
    add(attribute, path, is, wanted, ChangeKind::set);
    const Value* in_force = running_.find(path);
    if (in_force == nullptr || !canonically_equal(attribute, wanted, *in_force)) return;
    // Somebody else's value waits for a restart; taking it back changes nothing that runs.
    result_.changes.back().effects = {};
    result_.changes.back().note = "drops the pending value";
  }

  void free_form(const AttributeSchema& attribute, const Value& wanted, const Value& is,
                 const Path& path) {
    for (const auto& name : names(wanted, is)) {
      const auto& want = field(wanted, name);
      const auto& have = field(is, name);
      if (want == have) continue;
      const bool secret = want.sensitive() || have.sensitive();
      if (want.has_fields() && have.has_fields() && !secret) {
        free_form(attribute, want, have, path.child(name));
      } else {
        add(attribute, path.child(name), have, want, ChangeKind::set);
      }
    }
  }

  void note_drift(const AttributeSchema& attribute, const Value& wanted, const Value& owned,
                  const Value& live, const Path& path) {
    if (owned.is_null() || attribute.sensitive || canonically_equal(attribute, owned, live)) return;
    result_.drift.push_back({{}, path, owned, live, wanted, {}});
  }

  void add(const AttributeSchema& attribute, const Path& path, const Value& before,
           const Value& after, ChangeKind kind) {
    const bool attaches = is_attached(attribute, before, kind);
    const auto rule = attaches ? rule_of(*part_, after) : rule_of(attribute, before, after, kind);
    auto ruled = effect_of(rule, attaches ? ChangeKind::part_added : kind, facts_);
    if (attaches) ruled.note = "attached again" + (ruled.note.empty() ? "" : ", " + ruled.note);
    model::AttributeChange change;
    change.path = path;
    change.before = before;
    change.after = after;
    change.effects = ruled.effects;
    change.note = ruled.note;
    change.sensitive = attribute.sensitive;
    change.forces_replace = ruled.forces_replace;
    result_.forces_replace = result_.forces_replace || ruled.forces_replace;
    result_.changes.push_back(std::move(change));
  }

  /// A disk comes and goes live on some buses only (FACTS 8.6).
  static schema::EffectRule rule_of(const AttributeSchema& parts, const Value& slot) {
    const bool fixed = slot.is_string() && (slot.as_string().starts_with("sata") ||
                                            slot.as_string().starts_with("ide"));
    const bool plugs = parts.effect == schema::EffectRule::hotplug_disk;
    return plugs && fixed ? schema::EffectRule::restart : parts.effect;
  }
  static schema::EffectRule rule_of(const AttributeSchema& attribute, const Value& before,
                                    const Value& after, ChangeKind kind) {
    if (kind == ChangeKind::set) return attribute.effect;
    return rule_of(attribute, field(after.is_null() ? before : after, "slot"));
  }

  /// Whether a part that is there, but in no place, gets one. Nothing has to make way for that.
  bool is_attached(const AttributeSchema& attribute, const Value& before, ChangeKind kind) const {
    return part_ != nullptr && kind == ChangeKind::set && before.is_null() &&
           attribute.effect == schema::EffectRule::identity;
  }

  static std::vector<std::string> names(const Value& a, const Value& b) {
    std::set<std::string> all;
    for (const auto* value : {&a, &b}) {
      if (!value->has_fields()) continue;
      for (const auto& each : value->as_fields()) all.insert(each.first);
    }
    return {all.begin(), all.end()};
  }

  const std::set<std::string>& unset_;
  const std::set<std::string>& ignore_;
  bool rotates_;
  const model::LiveFacts& facts_;
  const Value& running_;
  int server_version_;
  const AttributeSchema* part_ = nullptr;  ///< what is being compared is inside one of these
  Difference result_;
};

Value default_value(const AttributeSchema& attribute, const Value& desired, bool creating,
                    int server_version) {
  for (const auto& each : attribute.defaults) {
    if (each.value.is_null() || !each.versions.contains(server_version)) continue;
    if (!each.with.empty() && field(desired, each.with).is_null()) continue;
    if (!each.without.empty() && !field(desired, each.without).is_null()) continue;
    if (each.owner == schema::DefaultOwner::ours_always) return each.value;
    if (each.owner == schema::DefaultOwner::ours_at_create && creating) return each.value;
  }
  return {};
}

}  // namespace

Value with_defaults(const ObjectSchema& object, const Value& desired, bool creating,
                    int server_version) {
  Value::Fields fields;
  for (const auto& attribute : object.attributes) {
    const auto& stated = field(desired, attribute.name);
    if (is_parts(attribute) && stated.has_fields()) {
      Value::Fields entries;
      for (const auto& [name, part] : stated.as_fields()) {
        entries.emplace_back(name,
                             with_defaults(*attribute.type.object, part, creating, server_version));
      }
      fields.emplace_back(attribute.name, Value::map(std::move(entries)));
    } else if (is_nested(attribute) && stated.has_fields()) {
      fields.emplace_back(attribute.name,
                          with_defaults(*attribute.type.object, stated, creating, server_version));
    } else {
      auto value =
          stated.is_null() ? default_value(attribute, desired, creating, server_version) : stated;
      if (!value.is_null()) fields.emplace_back(attribute.name, std::move(value));
    }
  }
  return Value::object(std::move(fields));
}

namespace {

/// Without the defaults that are always ours: they say nothing of this object.
Value without_defaults(const ObjectSchema& object, const Value& value) {
  if (!value.has_fields()) return value;
  Value::Fields fields;
  for (const auto& [name, held] : value.as_fields()) {
    const auto* attribute = object.find(name);
    const bool is_default =
        attribute != nullptr &&
        std::any_of(attribute->defaults.begin(), attribute->defaults.end(),
                    [&held](const schema::Default& each) {
                      return each.owner == schema::DefaultOwner::ours_always && each.value == held;
                    });
    if (!is_default) fields.emplace_back(name, held);
  }
  return Value::object(std::move(fields));
}

}  // namespace

Difference difference_of_new(const ObjectSchema& object, const Value& after) {
  Difference result;
  result.after = after;
  const auto shown = without_defaults(object, after);
  for (const auto& [name, value] : shown.as_fields()) {
    const auto* attribute = object.find(name);
    if (attribute == nullptr) continue;
    const bool nested = is_parts(*attribute) && value.has_fields();
    const auto add = [&](Path path, const Value& held) {
      model::AttributeChange change;
      change.path = std::move(path);
      change.after = held;
      change.sensitive = attribute->sensitive;
      result.changes.push_back(std::move(change));
    };
    if (nested) {
      for (const auto& [part, entry] : value.as_fields())
        add(Path({name, part}), without_defaults(*attribute->type.object, entry));
    } else {
      add(Path({name}), value);
    }
  }
  return result;
}

Difference difference(const ObjectSchema& object, const Desired& desired, const Value& owned,
                      const model::LiveObject& live, int server_version) {
  Comparison comparison(desired, live, server_version);
  const auto wanted = with_defaults(object, desired.attributes, false, server_version);
  auto after = comparison.object(object, wanted, owned, live.attributes, Path());
  auto result = comparison.take();
  result.after = std::move(after);
  return result;
}

}  // namespace pveplan::engine
