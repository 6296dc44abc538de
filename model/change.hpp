#pragma once

#include "model/backup.hpp"
#include "model/effect.hpp"
#include "model/live.hpp"
#include "schema/address.hpp"
#include "schema/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::model {

enum class Action : char {
  no_op = ' ',
  create = '+',
  update = '~',
  replace = '/',
  remove = '-',
  forget = '.',
};
std::string_view name(Action action);  ///< "create", "change", "destroy" …

/// One attribute that a change sets, resets or releases.
struct AttributeChange {
  schema::Path path;
  schema::Value before;
  schema::Value after;
  Effects effects;
  bool sensitive = false;
  bool forces_replace = false;
  /// Ours before, no longer in the topology: the live value stays.
  bool released = false;
  std::string note;  ///< "cores never change live", "grown from 8 GiB"
};

/// What happens to one resource, and why. A value: it can be printed, saved and compared.
struct Change {
  schema::ResourceAddress address;
  Action action = Action::no_op;
  Identity identity;     ///< of the live object, or chosen for a new one
  schema::Value before;  ///< owned attributes as they are live; null for a create
  schema::Value after;   ///< all attributes that will be ours; null for a remove
  schema::Value
      exported;  ///< what references resolve to once this is done; unknown where it must be
  std::vector<AttributeChange> attributes;
  Effects effects;
  std::string reason;  ///< for people only; no decision looks at it
  std::vector<std::string>
      notes;  ///< further lines of the block: "resumes: cloned, not yet configured"
  std::vector<std::string> warnings;
  std::vector<std::string> also;  ///< what goes along elsewhere: "removes the HA resource"
  std::optional<Backup> backup;   ///< of a guest that loses data
  std::string fingerprint;        ///< of the live object's owned fields when the plan was made
  LiveFacts facts;
  bool resumes = false;       ///< finishes an incomplete object
  std::string moved_from;     ///< the address that the state had it under; empty: no other
  std::string imported_from;  ///< the id of an object that is managed from now on
  std::vector<schema::ResourceAddress> dependencies;  ///< direct ones, sorted: go into the row

  /// Whether the object that is there now goes.
  bool removes() const { return action == Action::remove || action == Action::replace; }
  /// Of the object that is there now: `identity` is that of the new one in a replacement.
  const Identity& living_identity() const;
};

/// A difference that somebody else made since the last apply: was, is, wanted.
struct Drift {
  schema::ResourceAddress address;
  schema::Path path;
  schema::Value was, is, wanted;
  std::string note;
};

}  // namespace pveplan::model
