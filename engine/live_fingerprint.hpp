#pragma once

#include "engine/canonical.hpp"
#include "model/live.hpp"
#include "model/row.hpp"
#include "providers/core/resource_type.hpp"

#include <string>

namespace pveplan::engine {

/// What a plan records of a living object and what must still be so before it is written: planning,
/// `apply FILE` and the executor all ask here, so that they cannot disagree.
inline std::string live_fingerprint(const core::ResourceType& type, const model::Row& row,
                                    const model::LiveObject& live) {
  return fingerprint(type.schema().object, row.owned, live.attributes, live.identity,
                     schema::Value());
}

}  // namespace pveplan::engine
