#pragma once

#include "model/row.hpp"
#include "schema/value.hpp"

#include <string>
#include <variant>

namespace pveplan::model {

/// What a change is computed from besides the attributes: run state, hotplug, lock, HA, version …
/// An object whose fields the effect rules and the providers know by name.
using LiveFacts = schema::Value;

/// A live object as read from the server, in the form of the schema: sizes in bytes, sets sorted.
struct LiveObject {
  Identity identity;
  schema::Value attributes;
  /// Values in force where they differ from `attributes`: what waits for a restart.
  schema::Value running;
  schema::Value exported;
  /// What is exported with the values in force; null where it is `exported`.
  schema::Value in_effect;
  LiveFacts facts;
  std::string digest;  ///< the server's compare-and-swap token; empty where there is none
};

/// It is not there. What is known of the place where it would be goes into a change that makes it.
struct Absent {
  LiveFacts facts = {};
};

/// The object cannot be seen now: no action is ever planned for it.
struct Unreadable {
  std::string reason;
};

/// Three states, never two.
using ReadOutcome = std::variant<LiveObject, Absent, Unreadable>;

}  // namespace pveplan::model
