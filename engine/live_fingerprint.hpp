#pragma once

#include "model/effect.hpp"
#include "model/live.hpp"
#include "model/row.hpp"
#include "providers/core/resource_type.hpp"

#include <string>

namespace pveplan::engine {

/// What a plan records of a living object and what must still be so before it is written: planning,
/// `apply FILE` and the executor all ask here, so that they cannot disagree. Where the change
/// hurts, what its effect was computed from counts too: run state, lock, every volume (DEFINITIONS
/// 4).
std::string live_fingerprint(const core::ResourceType& type, const model::Row& row,
                             const model::LiveObject& live, const model::Effects& effects);

}  // namespace pveplan::engine
