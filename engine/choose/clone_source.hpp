#pragma once

#include "engine/planner.hpp"

#include <optional>

namespace pveplan::engine {

/// The template that a new guest is cloned from: as it is, or as the same plan makes it.
struct CloneSource {
  schema::ResourceAddress address;
  model::Identity identity;
  schema::Value attributes;

  /// Bytes of one of its disks; 0 where nobody knows them yet.
  std::uint64_t disk_size(std::string_view name) const;
};

/// nullopt for what is no clone, and where its template is not known.
std::optional<CloneSource> clone_source(const model::Change& change, const model::Plan& plan,
                                        const LiveState& live);

/// No disk shrinks (FACTS 10.1), so a clone that shall be smaller than its template would only be
/// refused when it has been made.
void refuse_smaller_clones(const schema::Topology& topology, const model::Plan& plan,
                           const LiveState& live, schema::Diagnostics& diagnostics);

/// Says of each new clone what is copied for it.
void describe_clones(model::Plan& plan, const LiveState& live);

}  // namespace pveplan::engine
