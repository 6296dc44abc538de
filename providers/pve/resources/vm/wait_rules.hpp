#pragma once

#include "schema/topology.hpp"

namespace pveplan::pve {

/// What a VM waits for must be able to come.
void check_wait(const schema::Resource& vm, schema::Diagnostics& diagnostics);

}  // namespace pveplan::pve
