#pragma once

#include "schema/attribute.hpp"

#include <set>
#include <string>
#include <vector>

namespace pveplan::schema {

/// How a resource may be treated, whatever its type (LANGUAGE 6).
struct Lifecycle {
  /// `manage = "observe"`: read, compared and exported, never written and never removed.
  bool observe = false;
  /// Paths that others may change once the object exists: "tags", "nic.lan.vlan", "disk.data".
  std::set<std::string> ignore;
  /// `allow_replace = true`: what cannot be changed on the living object replaces it.
  bool allow_replace = false;

  friend bool operator==(const Lifecycle&, const Lifecycle&) = default;
};

/// `manage`, `ignore` and `allow_replace`: every block takes them.
const std::vector<AttributeSchema>& lifecycle_attributes();
bool is_lifecycle_key(std::string_view key);

}  // namespace pveplan::schema
