#pragma once

#include "lab/core/call.hpp"
#include "lab/world/volumes.hpp"

#include <string>

/// Who may use which storage and which volume.
namespace pveplan::lab {

/// The definition of a storage that is there, enabled, and available on the node.
Attempt<const StorageDefinition*> usable_storage(const World& world, const std::string& storage,
                                                 const std::string& node);

/// Whether the caller may read a volume; `guest` is whose disk it is going to be, 0 = nobody's.
Attempt<void> require_volume(const Call& call, const std::string& volid, int guest = 0);

/// Whether a storage's definition lists a content type.
bool holds_content(const StorageDefinition& definition, const std::string& content);

}  // namespace pveplan::lab
