#pragma once

#include "lab/world/world.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pveplan::lab {

struct WorldOptions {
  int nodes = 3;
  int major = 9;
  std::uint64_t seed = 1;
  Time start = from_unix(1'764'000'000);
  int mirror_port = 8007;  ///< on 127.0.0.1
};

/// A fresh cluster to try things on: nodes pve1 … pveN (one node alone is called `pve`), storages
/// local and local-lvm, bridge vmbr0 on eno1, the users of the recordings with their tokens, and a
/// mirror with images.
World make_world(const WorldOptions& options);

/// The world that the recordings started from. `recording` is the name of a file without its
/// suffix: some files began with guests or users that the others did not have.
World recordings_world(int major, std::string_view recording = {});

/// Adds a token and returns its secret, drawn from the world.
std::string add_token(World& world, const std::string& user, const std::string& id,
                      bool privilege_separation);

}  // namespace pveplan::lab
