#pragma once

#include "lab/world/world.hpp"
#include "providers/async/host.hpp"
#include "schema/diagnostic.hpp"

#include <string>

namespace pveplan::lab {

/// A world kept in a folder as `world.json`. Writing is atomic (a temporary file, synced and
/// renamed), so a lab that dies leaves the world before or after a request, never half of one.
class WorldStore {
 public:
  /// `files` must outlive the store.
  WorldStore(async::Files& files, std::string folder);

  bool exists() const;
  schema::Result<World> load();
  /// Does nothing when the world is still as it was written last.
  schema::Result<void> save(const World& world);

 private:
  async::Files& files_;
  std::string folder_;
  std::string written_;
};

}  // namespace pveplan::lab
