#pragma once

#include "model/live.hpp"
#include "schema/resource_schema.hpp"

#include <string>

namespace pveplan::engine {

/// What of a running guest is only in effect after a restart: "cores 2 -> 4, cloud_init". Empty
/// when nothing waits.
std::string waiting_for_restart(const schema::ObjectSchema& schema, const model::LiveObject& live);

}  // namespace pveplan::engine
