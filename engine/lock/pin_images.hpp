#pragma once

#include "providers/async/host.hpp"
#include "schema/lock_file.hpp"
#include "schema/topology.hpp"

namespace pveplan::engine {

/// What came of looking up a topology's images.
struct Pinned {
  Pinned() {}  // no aggregate: coroutine parameter (g++ 12)
  schema::Pins pins;
  schema::Diagnostics diagnostics;
};

/// Asks the publishers of all images for checksum, size and format. Downloads lists of checksums
/// and the first four bytes of each image, never a whole one.
async::Task<Pinned> pin_images(async::Transport& transport, const schema::Topology& topology);

}  // namespace pveplan::engine
