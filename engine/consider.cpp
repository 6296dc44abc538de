#include "engine/diff.hpp"
#include "engine/editions.hpp"
#include "engine/effects.hpp"
#include "engine/going_along.hpp"
#include "engine/in_effect.hpp"
#include "engine/live_fingerprint.hpp"
#include "engine/missing_values.hpp"
#include "engine/planning.hpp"
#include "engine/remembered_secrets.hpp"
#include "engine/waiting.hpp"
#include "schema/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pveplan::engine {

using model::Action;
using model::Availability;
using model::Change;
using schema::ResourceAddress;
using schema::Value;

namespace {

/// Compares one desired resource with what is known of it.
class Consideration {
 public:
  explicit Consideration(Planning& planning) : planning_(planning), input_(planning.input) {}

  void consider(const schema::Resource& resource) {
    const auto attributes = resolve_references(desired_attributes(input_, resource), planning_);
    refuse_missing_values(planning_, resource, attributes);
    const auto row = input_.rows.find(resource.address);
    const auto live = input_.live.objects.find(resource.address);
    if (live != input_.live.objects.end()) {
      if (const auto* unreadable = std::get_if<model::Unreadable>(&live->second)) {
        planning_.result.plan.unknown.push_back({resource.address, unreadable->reason});
        if (row != input_.rows.end())
          planning_.publish(resource.address, row->second.exported, row->second.owned);
        return;
      }
    }
    const auto* object =
        live == input_.live.objects.end() ? nullptr : std::get_if<model::LiveObject>(&live->second);
    const auto* absent =
        live == input_.live.objects.end() ? nullptr : std::get_if<model::Absent>(&live->second);
    const auto place = absent == nullptr ? model::LiveFacts() : absent->facts;
    if (row == input_.rows.end()) {
      if (object != nullptr) {
        refuse_unmanaged(resource, *object);
      } else {
        create(resource, attributes, place, "");
      }
    } else if (object == nullptr && resource.lifecycle.observe) {
      planning_.result.plan.drift.push_back({resource.address, schema::Path(), row->second.owned,
                                             Value(), attributes,
                                             "is gone; only observed: left as it is"});
      planning_.publish(resource.address, row->second.exported, row->second.owned);
    } else if (object == nullptr && row->second.status == model::RowStatus::incomplete) {
      create(resource, attributes, place, "it was not finished, and does not exist");
    } else if (object == nullptr) {
      planning_.result.plan.drift.push_back({resource.address, schema::Path(), row->second.owned,
                                             Value(), attributes,
                                             "is gone; it will be created again"});
      create(resource, attributes, place, "it no longer exists");
    } else {
      compare(resource, attributes, {row->second, *object});
    }
  }

 private:
  /// A managed object as the state and the server know it.
  struct Known {
    const model::Row& row;
    const model::LiveObject& live;
  };

  /// Both sides with the secrets that the state only has digests of.
  struct Seen {
    Value owned, attributes, exported;
  };
  Seen see(const Value& wanted, const Known& known) const {
    const auto& exported = known.live.exported.is_null() ? known.row.exported : known.live.exported;
    SecretsByDigest secrets;
    if (input_.digest) collect_secrets(wanted, input_.digest, secrets);
    const auto& owned = known.row.owned;
    if (secrets.empty() && !lacks_secret(owned)) return {owned, known.live.attributes, exported};
    const auto live = without_secrets(known.live.attributes, owned, input_.digest);
    return {with_secrets(owned, secrets), with_secrets(live, secrets),
            with_secrets(exported, secrets)};
  }

  /// What an `[[import]]` entry calls the object.
  static std::string import_id(const model::Identity& identity) {
    for (const char* name : {"vmid", "iface", "id"}) {
      const Value* held = identity.find(name);
      if (held == nullptr) continue;
      return held->is_string() ? schema::to_json(*held) : '"' + schema::to_json(*held) + '"';
    }
    return "its id";
  }

  /// "node pve1, vmid 101".
  static std::string in_words(const model::Identity& identity) {
    std::string words;
    for (const auto& [name, value] : identity.as_fields()) {
      words += fmt::format("{}{} {}", words.empty() ? "" : ", ", name,
                           value.is_string() ? value.as_string() : schema::to_json(value));
    }
    return words;
  }

  void refuse_unmanaged(const schema::Resource& resource, const model::LiveObject& object) {
    auto diagnostic = schema::error(
        "Exists and is not managed",
        fmt::format(
            "{0} exists already ({1}) and was not created by this topology. Choose another id, "
            "remove the object, or take it over with [[import]], to = \"{0}\" and id = {2}.",
            resource.address.text(), in_words(object.identity), import_id(object.identity)),
        resource.span);
    diagnostic.address = resource.address;
    planning_.result.diagnostics.add(std::move(diagnostic));
  }

  void create(const schema::Resource& resource, const Value& attributes, model::LiveFacts place,
              std::string reason) {
    const auto& type = planning_.type_of(resource.address);
    Change change;
    change.address = resource.address;
    change.action = Action::create;
    change.after = with_defaults(type.schema().object, attributes, true, input_.cluster.version);
    change.identity = type.identity(resource.address, change.after);
    change.attributes = difference_of_new(type.schema().object, change.after).changes;
    change.facts = std::move(place);
    change.reason = std::move(reason);
    if (reloads_network(type.schema().object))
      change.effects.interrupts_node = text_of(change.identity.find("node"));
    note_edition(planning_, change);
    change.dependencies = planning_.direct_dependencies(resource.address);
    change.exported = type.exports(resource.address, change.after, change.identity);
    planning_.publish(resource.address, change.exported, change.after);
    planning_.result.plan.changes.push_back(std::move(change));
  }

  void compare(const schema::Resource& resource, const Value& attributes, const Known& known) {
    const auto& row = known.row;
    const auto& live = known.live;
    const auto seen = see(attributes, known);
    const auto& type = planning_.type_of(resource.address);
    const bool waits_for_nothing =
        live.running.is_null() && live.facts.find("awaits_start") == nullptr;
    const bool moved = live.identity.find("node") != nullptr && live.identity != row.identity;
    if (row.status == model::RowStatus::ok && attributes == seen.owned &&
        seen.attributes == seen.owned && waits_for_nothing && !moved &&
        !is_new_here(resource.address) && !planning_.replacement_asked(resource.address) &&
        !planning_.rotation_asked(resource.address)) {
      tell_older(planning_, row, attributes, live.identity);
      unchanged(resource, known, seen.exported);  // the common case, without walking the schema
      return;
    }
    auto visible = live;
    visible.attributes = seen.attributes;
    auto difference = engine::difference(type.schema().object,
                                         {attributes, resource.unset, resource.lifecycle.ignore,
                                          planning_.rotation_asked(resource.address)},
                                         seen.owned, visible, input_.cluster.version);
    if (resource.lifecycle.observe)
      return observe(resource, known, seen.exported, std::move(difference));
    if (input_.set_changes.adopted.contains(resource.address)) difference.drift.clear();
    std::erase_if(difference.drift,
                  [&](const auto& drift) { return is_unfinished(row, live.facts, drift); });
    for (auto& drift : difference.drift) {
      drift.address = resource.address;
      planning_.result.plan.drift.push_back(std::move(drift));
    }
    note_move(resource, row, live);
    const bool resumes = row.status == model::RowStatus::incomplete;
    const auto waits = waiting_for_restart(type.schema().object, live);
    const bool restarts = !waits.empty() && planning_.restart_allowed(resource.address, attributes);
    if (!waits.empty() && !restarts && difference.changes.empty())
      planning_.result.plan.waiting.emplace_back(resource.address, waits);
    const bool replaces =
        difference.forces_replace || planning_.replacement_asked(resource.address);
    if (!replaces) tell_older(planning_, row, attributes, live.identity);
    const bool alike = difference.changes.empty() && !resumes && !restarts && !replaces;
    if (alike && !is_new_here(resource.address)) {
      unchanged(resource, known, seen.exported);
      return;
    }
    Change change;
    change.address = resource.address;
    change.action = alike ? Action::no_op : Action::update;
    name_origin(change);
    change.identity = live.identity;
    change.before = seen.attributes;
    change.after = std::move(difference.after);
    change.attributes = std::move(difference.changes);
    change.facts = live.facts;
    change.resumes = resumes;
    change.dependencies = planning_.direct_dependencies(resource.address);
    if (resumes) change.notes.push_back("resumes: created, not finished");
    if (restarts) {
      change.notes.push_back("brings into effect: " + waits);
      change.effects.availability = Availability::restart;
    }
    merge_effects(change);
    note_new_instance(change);
    if (replaces) make_replacement(change, attributes);
    note_snapshots(change);
    describe_going_along(change, input_.cluster);
    change.fingerprint = live_fingerprint(type, row, live, change.effects);
    change.exported = type.exports(resource.address, change.after, change.identity);
    planning_.publish(resource.address, change.exported, change.after);
    planning_.publish_waiting(resource.address, not_in_effect(type, change, live),
                              resource.address);
    planning_.result.plan.changes.push_back(std::move(change));
  }

  /// A volume that a snapshot holds cannot be destroyed (FACTS 8.10).
  static void note_snapshots(Change& change) {
    const auto snapshots = snapshots_of(change.facts);
    if (change.action != Action::update || !change.effects.loses_data() || snapshots.empty())
      return;
    change.warnings.push_back(fmt::format(
        "has {} ({}): a disk that one of them holds cannot be destroyed",
        snapshots.size() == 1 ? "a snapshot" : "snapshots", fmt::join(snapshots, ", ")));
  }

  /// The object goes with everything that it has, and a new one comes under the same address, with
  /// what was chosen for the old one (number, node, MACs, addresses) unless the topology says else.
  void make_replacement(Change& change, const Value& attributes) const {
    const auto& type = planning_.type_of(change.address);
    const auto& object = type.schema().object;
    change.action = Action::replace;
    if (planning_.replacement_asked(change.address)) change.reason = "--replace asks for it";
    change.after = with_defaults(object, attributes, true, input_.cluster.version);
    change.identity = type.identity(change.address, change.after);
    change.resumes = false;
    change.notes.clear();
    note_edition(planning_, change);
    std::erase_if(change.attributes, [](const auto& each) { return each.released; });
    for (auto& attribute : change.attributes) {
      attribute.effects = {};
      if (!attribute.forces_replace) attribute.note.clear();
    }
    if (type.lower_replacement(change))
      change.notes.push_back("the new one is made first; the old one goes when nothing uses it");
    change.effects = removal_effects(object, change.facts);
  }

  /// Whether it differs only because an apply that made the object ended before it wrote that.
  static bool is_unfinished(const model::Row& row, const model::LiveFacts& facts,
                            const model::Drift& drift) {
    if (row.status != model::RowStatus::incomplete) return false;
    const Value* owed = facts.find("unfinished");
    if (owed == nullptr || owed->kind() != Value::Kind::list) return true;
    const auto owes = [owed](const char* operation) {
      const auto& operations = owed->as_list();
      return std::find(operations.begin(), operations.end(), Value::string(operation)) !=
             operations.end();
    };
    const auto& steps = drift.path.steps();
    return owes("configure") || (owes("resize") && !steps.empty() && steps.back() == "size");
  }

  void note_new_instance(Change& change) const {
    const auto& object = planning_.type_of(change.address).schema().object;
    const bool noticed =
        std::any_of(change.attributes.begin(), change.attributes.end(), [&](const auto& attribute) {
          return makes_new_instance(object, attribute, change.before, change.after);
        });
    // What was not finished has never been started: its first instance is the one to come.
    const bool never_ran = change.resumes && text_of(change.facts.find("status")) != "running";
    if (!noticed || never_ran) return;
    change.notes.push_back(
        "at the next start cloud-init sees a new instance and makes new SSH host keys");
    auto ruled = effect_of(schema::EffectRule::cloud_init, ChangeKind::set, change.facts);
    wait_unless_allowed(change, ruled.effects);
    change.effects.merge(ruled.effects);
  }

  /// What needs a restart that nobody allows stays pending.
  void wait_unless_allowed(const Change& change, model::Effects& effects) const {
    if (effects.availability != Availability::restart) return;
    if (planning_.restart_allowed(change.address, change.after)) return;
    effects.availability = Availability::none;
    effects.waits_for_restart = true;
  }

  void merge_effects(Change& change) const {
    for (auto& attribute : change.attributes) {
      wait_unless_allowed(change, attribute.effects);
      change.effects.merge(attribute.effects);
    }
  }

  /// What differs is told as drift, and nothing is planned.
  void observe(const schema::Resource& resource, const Known& known, const Value& exported,
               Difference difference) {
    const auto& [row, live] = known;
    for (auto& change : difference.changes) {
      if (change.released) continue;
      model::Drift drift;
      drift.address = resource.address;
      drift.path = std::move(change.path);
      const Value* was = row.owned.find(drift.path);
      const bool remembered = was != nullptr && !input_.set_changes.adopted.contains(row.address);
      if (remembered) drift.was = *was;
      drift.is = std::move(change.before);
      drift.wanted = std::move(change.after);
      drift.note = "only observed: left as it is";
      planning_.result.plan.drift.push_back(std::move(drift));
    }
    note_move(resource, row, live);
    unchanged(resource, known, exported);
  }

  /// A guest that runs elsewhere is shown and left there (LANGUAGE 10).
  void note_move(const schema::Resource& resource, const model::Row& row,
                 const model::LiveObject& live) {
    const Value* was = row.owned.find("node");
    const Value* is = live.identity.find("node");
    if (was == nullptr || is == nullptr || *was == *is) return;
    planning_.result.plan.drift.push_back(
        {resource.address, schema::Path({"node"}), *was, *is, *was, "left as it is"});
  }

  /// Whether the row came under this address with this plan.
  bool is_new_here(const ResourceAddress& address) const {
    const auto& changes = input_.set_changes;
    return changes.moved_from.contains(address) || changes.imported_from.contains(address);
  }

  void name_origin(Change& change) const {
    const auto& [moved_from, imported_from, adopted, kept] = input_.set_changes;
    const auto move = moved_from.find(change.address);
    if (move != moved_from.end()) change.moved_from = move->second.text();
    const auto import = imported_from.find(change.address);
    if (import != imported_from.end()) change.imported_from = import->second;
  }

  void unchanged(const schema::Resource& resource, const Known& known, const Value& seen) {
    const auto& [row, live] = known;
    if (!resource.address.is_output()) ++planning_.result.plan.matching;
    planning_.publish(resource.address, seen, row.owned);
    planning_.publish_waiting(resource.address, not_in_effect(live), resource.address);
    auto dependencies = planning_.direct_dependencies(resource.address);
    const auto& exported = live.exported.is_null() ? row.exported : live.exported;
    const bool observed = resource.lifecycle.observe;
    if (dependencies == row.dependencies && exported == row.exported &&
        live.identity == row.identity && observed == row.observed)
      return;
    auto silent = row;
    silent.observed = observed;
    silent.dependencies = std::move(dependencies);
    silent.exported = exported;
    silent.identity = live.identity;
    planning_.result.silent_rows.push_back(std::move(silent));
  }

  Planning& planning_;
  const PlanInput& input_;
};

/// Takes the change that was just planned out again: what reads it waits as well, as far as it
/// would be otherwise than now.
void postpone(Planning& planning, model::Postponed postponed) {
  auto& changes = planning.result.plan.changes;
  const auto change = std::move(changes.back());
  changes.pop_back();
  const auto row = planning.input.rows.find(change.address);
  std::set<std::string> names;
  if (change.exported.has_fields()) {
    for (const auto& [name, value] : change.exported.as_fields()) {
      const auto* now =
          row == planning.input.rows.end() ? nullptr : row->second.exported.find(name);
      if (now == nullptr || *now != value) names.insert(name);
    }
  }
  planning.publish_waiting(change.address, std::move(names), postponed.blocker);
  postponed.address = change.address;
  postponed.action = change.action;
  planning.result.plan.postponed.push_back(std::move(postponed));
}

}  // namespace

void consider(Planning& planning, const schema::Resource& resource) {
  const auto& changes = planning.result.plan.changes;
  const auto before = changes.size();
  Consideration(planning).consider(resource);
  if (changes.size() == before || changes.back().action == Action::no_op) return;
  if (!changes.back().imported_from.empty()) return;  // its row must come with it
  if (auto found = postponement(planning, resource)) postpone(planning, std::move(*found));
}

}  // namespace pveplan::engine
