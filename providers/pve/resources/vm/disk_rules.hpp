#pragma once

#include "schema/topology.hpp"

namespace pveplan::pve {

/// What a VM's disks need, given where the VM comes from, and its NICs.
void check_vm(const schema::Resource& vm, schema::Diagnostics& diagnostics);

}  // namespace pveplan::pve
