#pragma once

#include "model/cluster.hpp"
#include "providers/async/task.hpp"
#include "schema/diagnostic.hpp"

#include <cstdint>

namespace pveplan::core {

/// Reads what one listing says of the whole cluster.
class ClusterReader {
 public:
  virtual ~ClusterReader() = default;
  virtual async::Task<schema::Result<model::ClusterFacts>> load() = 0;
  /// `GET /cluster/nextid?vmid=N` answers N: no guest of the whole cluster has the id, hidden ones
  /// and those of offline nodes included (FACTS 18.4).
  virtual async::Task<schema::Result<bool>> vmid_is_free(std::int64_t vmid) = 0;
};

}  // namespace pveplan::core
