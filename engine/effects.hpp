#pragma once

#include "model/change.hpp"
#include "model/effect.hpp"
#include "model/live.hpp"
#include "schema/attribute.hpp"

#include <string>

namespace pveplan::engine {

/// How an attribute changes.
enum class ChangeKind { set, part_added, part_removed };

/// What one attribute change does, and a word on why.
struct RuledEffect {
  model::Effects effects;
  std::string note;
  bool forces_replace = false;
  bool for_new_only = false;  ///< a create-only attribute: nothing happens to a living object
};

/// The rule table (FACTS 8, DEFINITIONS 6): the attribute's rule applied to the object as it is
/// now.
RuledEffect effect_of(schema::EffectRule rule, ChangeKind kind, const model::LiveFacts& facts);

/// Whether cloud-init sees a new instance at the next start, beyond what the rule of the changed
/// attribute says itself: a part that carries an address comes, goes, or gets another MAC
/// (DEFINITIONS 6). `before` and `after` are the whole objects.
bool makes_new_instance(const schema::ObjectSchema& object, const model::AttributeChange& change,
                        const schema::Value& before, const schema::Value& after);

/// Whether every change of such an object reloads its node's network.
bool reloads_network(const schema::ObjectSchema& object);

/// Names of a guest's snapshots, where a close look has listed them.
std::vector<std::string> snapshots_of(const model::LiveFacts& facts);

/// What removing the object does: a running guest stops, the network of a node is reloaded, and
/// every volume that the server frees with the object is lost, declared or not.
model::Effects removal_effects(const schema::ObjectSchema& object, const model::LiveFacts& facts);

}  // namespace pveplan::engine
