#pragma once

#include "schema/topology.hpp"

namespace pveplan::pve {

/// What the addresses of a VM's NICs need beside them.
void check_nics(const schema::Resource& vm, schema::Diagnostics& diagnostics);

}  // namespace pveplan::pve
