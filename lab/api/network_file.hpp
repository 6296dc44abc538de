#pragma once

#include "lab/core/failure.hpp"
#include "lab/world/world.hpp"

#include <string>

/// /etc/network/interfaces as the server writes it: text, order, and what it refuses to write.
namespace pveplan::lab {

/// Brings the interfaces into the order of the file, where groups of types follow each other and
/// new ones come last in their group.
void sort_interfaces(InterfacesFile& file);

std::string interfaces_text(const InterfacesFile& file);

/// The faults that the server only notices when it writes: ports, slaves and parents that are
/// missing or of the wrong type.
Attempt<void> check_interfaces(const World& world, const NodeNetwork& network,
                               const InterfacesFile& file);

/// The difference between the two files, headed as `diff -u` does; empty when there is none.
std::string pending_changes(const NodeNetwork& network);

const Interface* find_interface(const InterfacesFile& file, const std::string& name);
std::string interface_option(const Interface& interface, const std::string& option);

}  // namespace pveplan::lab
