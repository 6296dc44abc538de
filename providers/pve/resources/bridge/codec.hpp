#pragma once

#include "model/live.hpp"
#include "providers/core/api.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pveplan::pve {

/// A node's network as `GET /nodes/N/network` answers it: what the file will be, and the diff of
/// what waits for a reload.
class NodeNetwork {
 public:
  NodeNetwork() {}
  static NodeNetwork from_api(const schema::Value& data, const schema::Value& rest);

  /// The interface's entry; nullptr when there is none (any more).
  const schema::Value* find(std::string_view iface) const;
  /// What others on the node have, as a bridge's change must know it: {"interfaces": names,
  /// "ports": {port: who has it}, "gateway": who has it, "gateway6": who has it}.
  schema::Value surroundings_of(std::string_view iface) const;
  bool has_changes() const { return !changes_.empty(); }
  /// Of the waiting diff without its header: how the changes that we made are known again. Empty
  /// when nothing waits.
  std::string fingerprint() const;
  /// The interfaces that the waiting diff touches. A change whose interface the diff does not show
  /// is listed as "?".
  std::set<std::string> changed() const;

 private:
  schema::Value interfaces_;
  std::string changes_;
};

/// A bridge in the form of its schema.
schema::Value bridge_from_api(const schema::Value& entry);

/// What a create sends.
core::Parameters bridge_parameters(const schema::Value& attributes);

/// What an update sends: a PUT replaces the addressing and keeps nothing of it by itself, so all
/// that is there and not ours goes along (FACTS 15.2). `reset` names attributes that go.
core::Parameters bridge_update(const schema::Value& live, const schema::Value& attributes,
                               const std::vector<std::string>& reset);

/// Whether two bridges are the same in everything that `wanted` states.
bool bridge_matches(const schema::Value& live, const schema::Value& wanted,
                    const std::vector<std::string>& reset);

}  // namespace pveplan::pve
