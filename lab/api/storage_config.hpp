#pragma once

#include "lab/world/world.hpp"
#include "schema/value.hpp"

#include <string>
#include <vector>

/// storage.cfg as the real one writes it: needed for its digest.
namespace pveplan::lab {

std::string storage_option(const StorageDefinition& definition, const std::string& name);
std::string storage_digest(const World& world);
schema::Value definition_value(const std::string& id, const StorageDefinition& definition,
                               const std::string& digest);
/// The storage types that a major version knows.
std::vector<std::string> storage_types(int major);

}  // namespace pveplan::lab
