#pragma once

#include "schema/address.hpp"
#include "schema/value.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pveplan::model {

/// The provider's remote identity, opaque to the engine: node, vmid and uuid of a guest, the id of
/// a pool. Kept in the state; compared by the provider before every write.
using Identity = schema::Value;

enum class RowStatus {
  ok,
  incomplete,  ///< created but not finished: the next plan resumes it
};

/// A keyed part with an identity of its own (slot, volume). It can outlive its guest.
struct PartRow {
  Identity identity;    ///< slot, volume, mac
  schema::Value owned;  ///< the attributes that pveplan last wrote
  bool kept = false;    ///< detached by `on_remove = "keep"`, waiting to be attached again
  friend bool operator==(const PartRow&, const PartRow&) = default;
};

/// What the state knows of one resource.
struct Row {
  schema::ResourceAddress address;
  int schema_version = 1;
  RowStatus status = RowStatus::ok;
  bool observed = false;  ///< `manage = "observe"`: never written, and forgotten instead of removed
  Identity identity;
  /// The attributes that pveplan last wrote, as an object: exactly these are owned. Never a secret;
  /// a secret's place holds {"hmac": …}.
  schema::Value owned;
  schema::Value exported;                ///< what references to this resource resolve to
  std::map<std::string, PartRow> parts;  ///< by local text: "disk.data", "nic.lan"
  std::vector<schema::ResourceAddress> dependencies;  ///< direct ones only, sorted
  std::string nonce;        ///< of the intent that created it; part of the marker
  std::string fingerprint;  ///< of the owned leaves, at the last read
  /// What the provider keeps for itself: unfinished steps of an incomplete object, server times.
  schema::Value notes;
  friend bool operator==(const Row&, const Row&) = default;
};

}  // namespace pveplan::model
