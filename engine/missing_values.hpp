#pragma once

#include "engine/planning.hpp"

namespace pveplan::engine {

/// A reference to a value that its target has not, and will not have after apply either, would stay
/// unknown for ever: an error that says what is missing there. `resolved`: the attributes of the
/// resource, with what is known filled in.
void refuse_missing_values(Planning& planning, const schema::Resource& resource,
                           const schema::Value& resolved);

}  // namespace pveplan::engine
